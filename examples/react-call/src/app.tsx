import { LastseenProvider } from "@lastseen/react";
import { useMemo, useState, type ReactNode } from "react";
import { Brand } from "./brand.js";
import { recall, remember, SERVICE_URL, type Identity } from "./identity.js";
import { Session } from "./session.js";
import { SignIn } from "./sign-in.js";

/** Asks for a name, and connects. A product that signs its users in gives `getToken` in place of `user`. */
export function App(): ReactNode {
  const [identity, setIdentity] = useState<Identity | undefined>(recall);
  const options = useMemo(
    () => identity && { url: SERVICE_URL, user: identity, client: { name: "react-call" } },
    [identity],
  );
  if (!options)
    return (
      <main className="page">
        <Brand />
        <SignIn
          onName={(chosen) => {
            remember(chosen);
            setIdentity(chosen);
          }}
        />
      </main>
    );
  return (
    <LastseenProvider options={options}>
      <Session />
    </LastseenProvider>
  );
}
