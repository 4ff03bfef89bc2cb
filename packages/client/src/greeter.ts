/** Says hello on a new socket: who the user is, which session to resume, and what the service answers. */
import type { ReplyData, RequestData } from "@lastseen/protocol";
import type { SocketEnd } from "./connection-state.js";
import { kindOf } from "./fields.js";
import { RequestError } from "./request-error.js";
import type { TabMemory } from "./tab-memory.js";
import type { Socket } from "./socket.js";

/** Returns the token for a hello. `refused`: the service did not accept the last one. */
export type GetToken = (context: { refused: boolean }) => string | Promise<string>;

export interface GreeterOptions {
  readonly getToken?: GetToken | undefined;
  readonly user?: { id: string; name?: string } | undefined;
  readonly client: { name: string; version?: string };
  /** The room that the client will join: its node answers, or the client is sent there. */
  readonly wantedRoom: () => string | undefined;
}

/** The outcome of a hello. */
export type HelloOutcome =
  | { readonly kind: "accepted"; readonly reply: ReplyData<"hello"> }
  /** Another node has the room that the client wants. */
  | { readonly kind: "redirected"; readonly url: string }
  /** The same hello would be refused again. */
  | { readonly kind: "stop"; readonly reason: "protocol_error" | "refused"; readonly error: RequestError }
  | (Extract<SocketEnd, { kind: "retry" }> & { readonly error: RequestError });

const ANSWER_TIMEOUT_MS = 10_000;

export class Greeter {
  readonly #options: GreeterOptions;
  readonly #memory: TabMemory;
  #user: GreeterOptions["user"];
  #tokensRefused = 0;

  constructor(options: GreeterOptions, memory: TabMemory) {
    this.#options = options;
    this.#memory = memory;
    this.#user = options.user;
  }

  /** The token for the next hello, if the page gives tokens. @throws the error of the page's `getToken` */
  async token(): Promise<string | undefined> {
    const { getToken } = this.#options;
    if (!getToken) return undefined;
    const token: unknown = await getToken({ refused: this.isRefused });
    if (typeof token !== "string" || token === "")
      throw new Error(`it returned ${token === "" ? "an empty token" : `${kindOf(token)} in place of a token`}`);
    return token;
  }

  /** Says hello, and again without the session when that is gone. */
  async greet(socket: Socket, token: string | undefined): Promise<HelloOutcome> {
    const { ticket } = this.#memory;
    try {
      const reply = await socket.request("hello", this.#hello(token), { timeoutMs: ANSWER_TIMEOUT_MS });
      // A guest keeps the user that the service has given it, also in a new session.
      if (!this.#options.getToken) this.#user ??= reply.user;
      this.#tokensRefused = 0;
      return { kind: "accepted", reply };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (error.code !== "session_gone" || !ticket) return refusal(this.#withMend(error));
      this.#memory.forgetSession();
      return this.greet(socket, token);
    }
  }

  /** Says what the page has forgotten. */
  #withMend(error: RequestError): RequestError {
    if (error.code !== "unauthorized" || this.#options.getToken) return error;
    return new RequestError(error.code, `${error.message} Give connect() a getToken.`, { retryable: false });
  }

  /** To be called when the service refused the token. @returns whether to try again with a new one */
  tokenRefused(): boolean {
    this.#tokensRefused += 1;
    return this.#options.getToken !== undefined && this.#tokensRefused === 1;
  }

  /** Whether the service did not accept the last token. */
  get isRefused(): boolean {
    return this.#tokensRefused > 0;
  }

  /** To be called when the page starts the client again: earlier refusals do not count. */
  resetRefusals(): void {
    this.#tokensRefused = 0;
  }

  #hello(token: string | undefined): RequestData<"hello"> {
    const { ticket, tabId } = this.#memory;
    const roomId = this.#options.wantedRoom();
    return {
      tabId,
      client: this.#options.client,
      paced: true,
      ...(token !== undefined && { token }),
      ...(this.#user && { user: this.#user }),
      ...(ticket && { resume: ticket }),
      ...(roomId && { roomId }),
    };
  }
}

function refusal(error: RequestError): HelloOutcome {
  const { code, data, retryable } = error;
  const { url, retryAfterMs } = data ?? {};
  if (code === "redirect" && typeof url === "string") return { kind: "redirected", url };
  if (code === "bad_message") return { kind: "stop", reason: "protocol_error", error };
  const isKnownCause = code === "unauthorized" || code === "overloaded" || code === "rate_limited";
  if (!isKnownCause && !retryable) return { kind: "stop", reason: "refused", error };
  return {
    kind: "retry",
    cause: isKnownCause ? code : "hello_failed",
    error,
    retryAfterMs: typeof retryAfterMs === "number" ? retryAfterMs : undefined,
  };
}
