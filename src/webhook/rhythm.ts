import type { BackOff } from "../kernel/back-off.js";

/** Pauses between attempts at the backend and at the log: 1, 2, 4 … 60 s, each shortened by up to a half. */
export const RHYTHM: BackOff = { firstMs: 1_000, mostMs: 60_000, jitter: 0.5 };
