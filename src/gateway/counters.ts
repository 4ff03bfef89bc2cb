import type { ErrorCode } from "../protocol/errors.js";

/** What the gateway counts; read by the metrics at scrape time. */
export class GatewayCounters {
  messagesReceived = 0;
  heartbeats = 0;
  readonly rejected = new Map<ErrorCode, number>();
  readonly closes = new Map<number, number>();

  reject(code: ErrorCode): void {
    this.rejected.set(code, (this.rejected.get(code) ?? 0) + 1);
  }

  close(code: number): void {
    this.closes.set(code, (this.closes.get(code) ?? 0) + 1);
  }
}
