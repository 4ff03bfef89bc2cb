import type { FastifyRequest } from "fastify";
import { ERRORS, type ErrorCode } from "@lastseen/protocol";
import { addressKey } from "../kernel/address.js";
import type { Clock } from "../kernel/clock.js";
import { LogQuota } from "../kernel/log-quota.js";

/** So many refused requests of one address are logged in a minute. The metric counts all of them. */
const MOST_LINES = 20;

/** Counts and logs the HTTP requests that the service refuses. A client chooses how many these are, so their lines are bounded. */
export class RefusedHttp {
  readonly #clock: Pick<Clock, "mono">;
  readonly #counted: (code: ErrorCode) => void;
  readonly #lines = new LogQuota({ most: MOST_LINES });

  /** @param options `counted`: is called with every refusal */
  constructor(options: { clock: Pick<Clock, "mono">; counted: (code: ErrorCode) => void }) {
    this.#clock = options.clock;
    this.#counted = options.counted;
  }

  /** @param fields what the log line says beside the address and the code */
  note(request: FastifyRequest, code: ErrorCode, fields: object): void {
    this.#counted(code);
    const { level } = ERRORS[code];
    const isBounded = level === "info" || level === "warn";
    const leftOut = isBounded ? this.#lines.take(addressKey(request.ip), this.#clock.mono()) : 0;
    if (leftOut === undefined) return;
    request.log[level](
      { ...fields, address: request.ip, code, ...(leftOut > 0 ? { leftOut } : {}) },
      "request refused",
    );
  }
}
