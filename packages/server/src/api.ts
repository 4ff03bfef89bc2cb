import type {
  AgentList,
  CleanupList,
  CleanupReport,
  Deadlines,
  Draining,
  Health,
  NodeHistory,
  NodeList,
} from "@lastseen/protocol/http";
import { answerOf } from "./answers.js";
import { EventsApi } from "./events-api.js";
import { checkOptions, type ApiOptions, type CallOptions } from "./options.js";
import { Requester } from "./requester.js";
import { RoomsApi } from "./rooms-api.js";
import { SessionsApi } from "./sessions-api.js";
import { BlocksApi, UsersApi } from "./users-api.js";

/**
 * The service's HTTP API for a backend.
 *
 * Each call throws {@link LastseenApiError}. An attempt ends after `timeoutMs`. Calls that read, and calls that may be carried
 * out twice, are repeated when the service is away for a moment. A call that ends something is repeated only when the service
 * surely has not begun with it.
 */
export class LastseenApi {
  readonly rooms: RoomsApi;
  readonly sessions: SessionsApi;
  readonly users: UsersApi;
  readonly blocks: BlocksApi;
  readonly events: EventsApi;
  readonly #requester: Requester;

  /** @throws TypeError that names a wrong option */
  constructor(options: ApiOptions) {
    this.#requester = new Requester(checkOptions(options));
    this.rooms = new RoomsApi(this.#requester);
    this.sessions = new SessionsApi(this.#requester);
    this.users = new UsersApi(this.#requester);
    this.blocks = new BlocksApi(this.#requester);
    this.events = new EventsApi(this.#requester);
  }

  /** The state of the node that answers. Needs no token. */
  health(options: CallOptions = {}): Promise<Health> {
    return this.#get("health", ["warnings"], options);
  }

  /** All nodes; the node that answers comes first. `missing`: nodes that did not answer. */
  nodes(options: CallOptions = {}): Promise<NodeList> {
    return this.#get("nodes", ["nodes", "missing"], options);
  }

  /** The processes with mediasoup that report media, of all nodes, also those that are away. */
  agents(options: CallOptions = {}): Promise<AgentList> {
    return this.#get("agents", ["agents", "missing"], options);
  }

  /** The last hour of the node that answers, minute by minute. */
  history(options: CallOptions = {}): Promise<NodeHistory> {
    return this.#get("history", ["minutes"], options);
  }

  /** The deadlines that decide who is alive. */
  settings(options: CallOptions = {}): Promise<Deadlines> {
    return this.#get("settings", [], options);
  }

  /** Cleanups of the node that answers which are under way or stuck. */
  cleanups(options: CallOptions = {}): Promise<CleanupList> {
    return this.#get("cleanups", ["stuck"], options);
  }

  /** Sweeps and compares now, on the node that answers. */
  async cleanup(options: CallOptions = {}): Promise<CleanupReport> {
    const body = await this.#requester.ask("POST", ["api", "cleanup"], options);
    return answerOf<CleanupReport>("POST /api/cleanup", body);
  }

  /**
   * Hands everybody on the node that answers over to the other nodes; it takes nothing new and stays up.
   *
   * @throws LastseenApiError `not_found` when this node is alone
   */
  async drain(options: CallOptions = {}): Promise<Draining> {
    const body = await this.#requester.ask("POST", ["api", "drain"], options);
    return answerOf<Draining>("POST /api/drain", body);
  }

  async #get<T>(name: string, lists: readonly (keyof T & string)[], options: CallOptions): Promise<T> {
    return answerOf<T>(`GET /api/${name}`, await this.#requester.ask("GET", ["api", name], options), lists);
  }
}
