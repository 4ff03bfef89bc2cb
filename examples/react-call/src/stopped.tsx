import { SwitchedElsewhere, useConnection } from "@lastseen/react";
import type { ReactNode } from "react";
import { Brand } from "./brand.js";
import { stopWords } from "./words.js";

/** The service's own words help here. The other reasons speak for themselves. */
const EXPLAINED: ReadonlySet<string | undefined> = new Set(["refused", "unauthorized", "protocol_error"]);

/** The client has stopped, and does nothing by itself. */
export function Stopped(): ReactNode {
  const { reason, error, reconnect } = useConnection();
  const [title, text] = stopWords(reason);
  return (
    <main className="page">
      <Brand />
      <SwitchedElsewhere className="card card-narrow">
        {(takeBack) => (
          <>
            <h1>You are in this meeting elsewhere</h1>
            <p className="soft">Another tab or device of yours has it now. The others did not notice.</p>
            <button className="primary" type="button" onClick={takeBack}>
              Continue here
            </button>
          </>
        )}
      </SwitchedElsewhere>
      {reason !== "transferred" && (
        <section className="card card-narrow">
          <h1>{title}</h1>
          <p className="soft">{text}</p>
          {EXPLAINED.has(reason) && error && <p className="fine">{error.message}</p>}
          <button className="primary" type="button" onClick={reconnect}>
            Connect again
          </button>
        </section>
      )}
    </main>
  );
}
