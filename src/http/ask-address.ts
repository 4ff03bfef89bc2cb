import type { AskAddress } from "../ports/ask-address.js";

/** A client would not wait longer for the answer of a node either. */
const LIMIT_MS = 2_000;
/** The answer of a node has some hundred bytes. */
const LARGEST_BYTES = 4_096;

/** Asks `GET /health/live` at the address, as the client library does. */
export const askAddress: AskAddress = async (url, signal) => {
  const late = AbortSignal.timeout(LIMIT_MS);
  try {
    const response = await fetch(liveRoute(url), { redirect: "manual", signal: AbortSignal.any([signal, late]) });
    const answer = response.ok ? parse(await firstBytes(response)) : undefined;
    if (!response.ok) await response.body?.cancel();
    if (answer?.service === "lastseen") {
      return { kind: "node", nodeId: typeof answer.nodeId === "string" ? answer.nodeId : undefined };
    }
    return { kind: "silent", why: response.ok ? "another service answers" : `status ${response.status}` };
  } catch (error) {
    return { kind: "silent", why: late.aborted ? `no answer within ${LIMIT_MS} ms` : codeOf(error) };
  }
};

/** As the client library makes an address from what it was given. */
function liveRoute(url: string): string {
  return `${url.replace(/[?#].*$/, "").replace(/\/+(ws\/*)?$/, "")}/health/live`;
}

async function firstBytes(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the rest.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST_BYTES) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): { service?: unknown; nodeId?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Only the error's code: its message may contain a part of the address. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  const code = Object(cause).code as unknown;
  return typeof code === "string" ? code : "the connection failed";
}
