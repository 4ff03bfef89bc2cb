/** Checks what the service posts to a backend: https://www.standardwebhooks.com */
import { Webhook } from "standardwebhooks";
import { BACKEND_EVENT_FIELDS, type AnyBackendEvent, type BackendEventType } from "@lastseen/protocol";

/** One step of a session, a room, a call or a node. `type` tells which fields it has. */
export type LastseenEvent = AnyBackendEvent;

/** The headers of a request as `node:http`, Express and Fastify have them, or as `fetch` has them. */
export type WebhookHeaders =
  { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface ReceivedWebhook {
  /** The body as it was received: bytes or text, not JSON that was parsed and written again. */
  body: string | Uint8Array;
  headers: WebhookHeaders;
  /** The service's `WEBHOOK_SECRET`. */
  secret: string | undefined;
  /** The secret of before, while a secret is changed: what it has signed is taken too. */
  previousSecret?: string | undefined;
}

/** A request that the service has sent. */
export interface WebhookMessage {
  /** The same for every attempt at the same events. */
  id: string;
  /** When this attempt was made. */
  sentAt: Date;
  /** One event, or those of a batch; the events of one user are in order. Remember `id` of each: it may come again. */
  events: LastseenEvent[];
  /** Events of types that this version does not know. Ignore them, or log them. */
  unknown: { readonly type: string; readonly [field: string]: unknown }[];
}

/** The request is not from the service, or is too old. Answer it with 401. */
export class WebhookError extends Error {
  override readonly name = "WebhookError";
}

const HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;
const PREFIX = "whsec_";

/** The kinds of the fields that are not text. */
const KINDS: Readonly<Record<string, string>> = {
  at: "number",
  sequence: "number",
  epoch: "number",
  count: "number",
  firstAt: "number",
  lastAt: "number",
  expiresAt: "number",
  alone: "boolean",
  reachable: "boolean",
  replaced: "boolean",
  from: "object",
};
/** Fields of every event. */
const COMMON = ["id", "at", "nodeId", "sequence"] as const;
/** It is null when the client keeps its media. */
const NULLABLE = "mediaReset";

/**
 * Checks the signature and the age of a request, and reads its events.
 *
 * @throws WebhookError when the request is not from the service: answer 401. TypeError when an argument is wrong: answer 500
 */
export function verifyWebhook(received: ReceivedWebhook): WebhookMessage {
  const { secret, previousSecret } = received;
  const body = textOf(received.body);
  const headers = headersOf(received.headers);
  const webhooks = [webhookOf("secret", secret)];
  if (previousSecret !== undefined) webhooks.push(webhookOf("previousSecret", previousSecret));
  verify(webhooks, body, headers);
  const message = parse(body);
  const { events, unknown } = eventsIn(message);
  return { id: headers["webhook-id"], sentAt: new Date(Number(headers["webhook-timestamp"]) * 1_000), events, unknown };
}

/** It is enough that one of the secrets fits. */
function verify(webhooks: readonly Webhook[], body: string, headers: Record<string, string>): void {
  let problem: unknown;
  for (const webhook of webhooks) {
    try {
      webhook.verify(body, headers, { jsonParse: false });
      return;
    } catch (error) {
      problem ??= error;
    }
  }
  const why = problem instanceof Error ? problem.message : String(problem);
  throw new WebhookError(`The webhook is not genuine: ${why}.`, { cause: problem });
}

/** Text that is no `whsec_` secret is a key as it is, in UTF-8. */
function webhookOf(option: string, secret: unknown): Webhook {
  if (typeof secret !== "string" || secret === "") {
    throw new TypeError(
      `verifyWebhook: ${option} must be the WEBHOOK_SECRET; is the variable of your environment set?`,
    );
  }
  if (!secret.startsWith(PREFIX)) return new Webhook(new TextEncoder().encode(secret), { format: "raw" });
  try {
    return new Webhook(secret);
  } catch {
    throw new TypeError(`verifyWebhook: ${option} begins with whsec_, so base64 must follow.`);
  }
}

function textOf(body: unknown): string {
  if (typeof body === "string") return body;
  if (!(body instanceof Uint8Array)) {
    throw new TypeError(
      'verifyWebhook: body must be the text or the bytes as received. In Express: express.raw({ type: "application/json" }).',
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw new WebhookError("The webhook is not genuine: its body is not UTF-8.", { cause });
  }
}

function headersOf(headers: WebhookHeaders): Record<(typeof HEADERS)[number], string> {
  const found = HEADERS.map((name) => [name, headerOf(headers, name)] as const);
  const missing = found.filter(([, value]) => value === "").map(([name]) => name);
  if (missing.length > 0) throw new WebhookError(`The webhook is not genuine: it has no header ${missing.join(", ")}.`);
  return Object.fromEntries(found) as Record<(typeof HEADERS)[number], string>;
}

function headerOf(headers: WebhookHeaders, name: string): string {
  if (typeof headers.get === "function") return headers.get(name) ?? "";
  const [, value] = Object.entries(headers).find(([given]) => given.toLowerCase() === name) ?? [];
  return typeof value === "string" ? value : Array.isArray(value) ? value.join(" ") : "";
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new WebhookError("The webhook is signed, but its body is not JSON.", { cause });
  }
}

function eventsIn(message: unknown): Pick<WebhookMessage, "events" | "unknown"> {
  const { type, data } = Object(message) as { type?: unknown; data?: unknown };
  const list: unknown = type === "batch" ? (Object(data) as { events?: unknown }).events : [data];
  if (!Array.isArray(list)) throw new WebhookError("The webhook is signed, but it has no events.");
  const events: LastseenEvent[] = [];
  const unknown: WebhookMessage["unknown"] = [];
  for (const event of list as readonly unknown[]) {
    const fields = Object(event) as { readonly type?: unknown; readonly [field: string]: unknown };
    if (typeof fields.type !== "string") throw new WebhookError("The webhook is signed, but an event has no type.");
    if (isKnown(fields.type)) {
      assertEvent(fields.type, fields);
      events.push(fields);
    } else unknown.push({ ...fields, type: fields.type });
  }
  return { events, unknown };
}

function isKnown(type: string): type is BackendEventType {
  return Object.hasOwn(BACKEND_EVENT_FIELDS, type);
}

/** Later versions may add fields and words, so only what every event of this type has is checked. */
function assertEvent(
  type: BackendEventType,
  fields: Readonly<Record<string, unknown>>,
): asserts fields is Readonly<Record<string, unknown>> & LastseenEvent {
  for (const name of [...COMMON, ...BACKEND_EVENT_FIELDS[type]]) {
    const value = fields[name];
    const fits = value === null ? name === NULLABLE : typeof value === (KINDS[name] ?? "string");
    if (!fits) throw new WebhookError(`The webhook is signed, but the field ${name} of an event ${type} is wrong.`);
  }
}
