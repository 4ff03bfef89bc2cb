/** The page of react.test.ts. The test bundles it, and calls what it puts on `window`. */
import { LastseenProvider, useConnection, useRoom, useStatus } from "@lastseen/react";
import { StrictMode, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import type { ReactPage } from "../e2e/react-guest.js";

function Line(): ReactNode {
  const { state, reason } = useConnection();
  const status = useStatus("bob");
  return <p id="line">{[state, reason, status].filter(Boolean).join(" ")}</p>;
}

function Room({ id }: { id: string }): ReactNode {
  const { state, participants } = useRoom(id);
  return <p id={`room-${id}`}>{[state, ...participants.map(({ name }) => name)].join(" ")}</p>;
}

function show(root: Root | undefined, query: string): void {
  const asked = new URLSearchParams(query);
  const rooms = asked.get("rooms")?.split(" ").filter(Boolean) ?? [];
  root?.render(
    <StrictMode>
      <LastseenProvider options={{ url: asked.get("url") ?? "", user: { id: asked.get("user") ?? "" } }}>
        <Line />
        {rooms.map((id) => (
          <Room key={id} id={id} />
        ))}
      </LastseenProvider>
    </StrictMode>,
  );
}

let root: Root | undefined;

const page: ReactPage = {
  mount(query) {
    root = createRoot(document.body);
    show(root, query);
  },
  update: (query) => show(root, query),
  unmount: () => root?.unmount(),
};

window.reactPage = page;
