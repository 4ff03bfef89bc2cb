/**
 * WebSocket close codes and what a client does on each of them.
 * `reconnect`: `"resume"` with the last token, `"fresh"` as a new session, `"never"` by itself.
 */
export const CLOSE_CODES = {
  bye: { code: 1000, reconnect: "never" },
  goingAway: { code: 1001, reconnect: "resume" },
  /** The other side gave no code, or one that this protocol does not know. */
  noStatus: { code: 1005, reconnect: "resume" },
  abnormal: { code: 1006, reconnect: "resume" },
  messageTooBig: { code: 1009, reconnect: "never" },
  serviceRestart: { code: 1012, reconnect: "resume" },
  overloaded: { code: 1013, reconnect: "resume" },
  badMessage: { code: 4400, reconnect: "never" },
  unauthorized: { code: 4401, reconnect: "resume" },
  kicked: { code: 4403, reconnect: "never" },
  helloTimeout: { code: 4408, reconnect: "resume" },
  transferred: { code: 4409, reconnect: "never" },
  expired: { code: 4410, reconnect: "fresh" },
  rateLimited: { code: 4429, reconnect: "resume" },
} as const satisfies Record<string, { code: number; reconnect: "resume" | "fresh" | "never" }>;

export type CloseName = keyof typeof CLOSE_CODES;

const byCode = new Map<number, CloseName>(
  (Object.entries(CLOSE_CODES) as [CloseName, { code: number }][]).map(([name, { code }]) => [code, name]),
);

/** The name of a close code, or `undefined` for one that this protocol does not use. */
export function closeName(code: number): CloseName | undefined {
  return byCode.get(code);
}
