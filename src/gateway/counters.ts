import { CLOSE_CODES, closeName, type ErrorCode } from "@lastseen/protocol";

/** What the gateway counts. The metrics read it at scrape time. */
export class GatewayCounters {
  messagesReceived = 0;
  heartbeats = 0;
  readonly rejected = new Map<ErrorCode, number>();
  readonly closes = new Map<number, number>();

  reject(code: ErrorCode): void {
    this.rejected.set(code, (this.rejected.get(code) ?? 0) + 1);
  }

  /** Clients may send any code. Codes that the protocol does not know count as none, so that there are few labels. */
  close(code: number): void {
    const known = closeName(code) === undefined ? CLOSE_CODES.noStatus.code : code;
    this.closes.set(known, (this.closes.get(known) ?? 0) + 1);
  }
}
