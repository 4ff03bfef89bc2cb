/** The first words on a new socket: who one is, which session one comes back to, and what the service says to that. */
import type { ReplyData, RequestData } from "@lastseen/protocol";
import type { ReconnectCause } from "./connection-state.js";
import { RequestError } from "./request-error.js";
import type { TabMemory } from "./tab-memory.js";
import type { Socket } from "./socket.js";

/** Returns the token for a hello. `refused`: the one before was not accepted. */
export type GetToken = (context: { refused: boolean }) => string | Promise<string>;

export interface GreeterOptions {
  readonly getToken?: GetToken | undefined;
  readonly user?: { id: string; name?: string } | undefined;
  readonly client: { name: string; version?: string };
}

/** What came of a hello. */
export type Welcome =
  | { readonly kind: "welcome"; readonly reply: ReplyData<"hello"> }
  /** Another node has the room that is looked for. */
  | { readonly kind: "redirected"; readonly url: string }
  /** Saying the same once more would not help. */
  | { readonly kind: "stop"; readonly reason: "protocol_error" }
  /** `retryAfterMs`: when the service says it makes sense to come again. */
  | { readonly kind: "retry"; readonly cause: ReconnectCause; readonly retryAfterMs?: number | undefined };

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

  /** The token for the next hello, where one is needed. @throws whatever `getToken` does */
  async token(): Promise<string | undefined> {
    return this.#options.getToken?.({ refused: this.#tokensRefused > 0 });
  }

  /** Says hello, and once more without the session when that is gone. */
  async greet(wire: Socket, token: string | undefined): Promise<Welcome> {
    const { ticket } = this.#memory;
    try {
      const reply = await wire.request("hello", this.#hello(token), { timeoutMs: ANSWER_TIMEOUT_MS });
      // A guest whom the service named stays who he is, also as a new session.
      if (!this.#options.getToken) this.#user ??= reply.user;
      this.#tokensRefused = 0;
      return { kind: "welcome", reply };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (error.code !== "session_gone" || !ticket) return refusal(error);
      this.#memory.forgetSession();
      return this.greet(wire, token);
    }
  }

  /** The token was not accepted. Returns whether another one may be. */
  tokenRefused(): boolean {
    this.#tokensRefused += 1;
    return this.#options.getToken !== undefined && this.#tokensRefused === 1;
  }

  /** Somebody has begun anew by hand: a token is as good as any. */
  forgive(): void {
    this.#tokensRefused = 0;
  }

  #hello(token: string | undefined): RequestData<"hello"> {
    const { ticket, tabId } = this.#memory;
    return {
      tabId,
      client: this.#options.client,
      ...(token !== undefined && { token }),
      ...(this.#user && { user: this.#user }),
      ...(ticket && { resume: ticket }),
    };
  }
}

function refusal({ code, data }: RequestError): Welcome {
  const { url, retryAfterMs } = data ?? {};
  if (code === "redirect" && typeof url === "string") return { kind: "redirected", url };
  if (code === "bad_message") return { kind: "stop", reason: "protocol_error" };
  const telling = code === "unauthorized" || code === "overloaded" || code === "rate_limited";
  return {
    kind: "retry",
    cause: telling ? code : "hello_failed",
    retryAfterMs: typeof retryAfterMs === "number" ? retryAfterMs : undefined,
  };
}
