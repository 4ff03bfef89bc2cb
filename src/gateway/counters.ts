import { CLOSE_CODES, closeName, type ErrorCode } from "@lastseen/protocol";

/** What the gateway counts; read by the metrics at scrape time. */
export class GatewayCounters {
  messagesReceived = 0;
  heartbeats = 0;
  readonly rejected = new Map<ErrorCode, number>();
  readonly closes = new Map<number, number>();

  reject(code: ErrorCode): void {
    this.rejected.set(code, (this.rejected.get(code) ?? 0) + 1);
  }

  /** Clients may send any code: those that the protocol does not know are counted as none, so that labels stay few. */
  close(code: number): void {
    const known = closeName(code) === undefined ? CLOSE_CODES.noStatus.code : code;
    this.closes.set(known, (this.closes.get(known) ?? 0) + 1);
  }
}
