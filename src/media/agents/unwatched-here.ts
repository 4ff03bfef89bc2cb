import { hostname } from "node:os";
import type { AgentView } from "@lastseen/protocol/http";
import { observer } from "mediasoup";
import type { MediaLogger } from "../media-options.js";
import { MediaTree } from "../workers/media-tree.js";

const WHY =
  "This process makes media of sessions itself, and no agent watches it, so Lastseen cannot close that media: with AGENT_TOKEN " +
  "start @lastseen/agent in this process too, with its own address.";

/**
 * Notices that an application whose media should be in the processes of agents makes media itself. Without an agent in this process
 * nobody would close that media, and no cleanup may be called clean.
 */
export class UnwatchedHere {
  readonly #tree: MediaTree;
  readonly #logger: MediaLogger;
  readonly #agents: () => readonly AgentView[];
  #madeSome = false;
  #isLogged = false;

  /** @param agents those that the application knows */
  constructor({ logger, agents }: { logger: MediaLogger; agents: () => readonly AgentView[] }) {
    this.#logger = logger;
    this.#agents = agents;
    this.#tree = new MediaTree(observer, {
      onWorker: () => {},
      onWorkerClosed: () => {},
      onOpened: (opened) => {
        if (opened.kind === "transport") this.#opened(opened.object.appData["sessionId"]);
      },
      onClosed: () => {},
    });
  }

  /** Why this process does not see all media; undefined when it does, as far as it knows. */
  get why(): string | undefined {
    return this.#madeSome && !this.#isWatched ? WHY : undefined;
  }

  close(): void {
    this.#tree.close();
  }

  get #isWatched(): boolean {
    const host = hostname();
    return this.#agents().some((agent) => agent.pid === process.pid && agent.host === host);
  }

  #opened(sessionId: unknown): void {
    if (typeof sessionId !== "string") return;
    this.#madeSome = true;
    if (this.#isLogged || this.#isWatched) return;
    this.#isLogged = true;
    this.#logger.error({ sessionId, mend: WHY }, "this process makes media that no agent watches");
  }
}
