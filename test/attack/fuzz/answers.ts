/** What a client may get from the service: frames that fit the published schemas, and the close codes of the protocol. */
import type { TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { CLOSE_CODES, ERRORS, EVENTS, isWellFormed, REQUESTS } from "@lastseen/protocol";
import type { Frame } from "../../support/test-client.js";

/** WebSocket's own codes for a client that breaks its rules or sends text that is no UTF-8. */
const OWN_CODES = [1002, 1007];
export const DOCUMENTED_CLOSES: readonly number[] = [
  ...Object.values(CLOSE_CODES).map(({ code }) => code),
  ...OWN_CODES,
];

const compiled = (schemas: readonly (readonly [string, TSchema])[]): ReadonlyMap<string, Validator> =>
  new Map(schemas.map(([name, schema]) => [name, Compile(schema)]));
const replies = compiled(Object.entries(REQUESTS).map(([type, { reply }]) => [type, reply]));
const events = compiled(Object.entries(EVENTS));

/** Characters that no name may bring to a screen or a log. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

/**
 * What is wrong with a frame of the service, in words; undefined when nothing is.
 *
 * @param asked the types of the requests that had this id
 */
export function faultIn(frame: Frame, asked: readonly string[]): string | undefined {
  const text = JSON.stringify(frame);
  // An escape in JSON is the only way to send half of a character.
  if (!isWellFormed(text) || /\\ud[89a-f]/i.test(text)) return "it is not well-formed Unicode";
  if (namesIn(frame.data).some((name) => UNSAFE.test(name))) return "a name in it is not safe to show";
  if (frame.type === "pong") return typeof (frame.v ?? 0) === "number" ? undefined : "v is no number";
  if (frame.type === "probe") return undefined;
  if (frame.type !== undefined) return faultOf(events.get(frame.type), frame.data, `the event ${frame.type}`);
  return frame.ok ? faultInReply(frame, asked) : faultInRefusal(frame);
}

function faultInReply({ data }: Frame, asked: readonly string[]): string | undefined {
  const faults = asked.map((type) => faultOf(replies.get(type), data, `a reply to ${type}`));
  return faults.includes(undefined) ? undefined : (faults[0] ?? "nobody has asked for it");
}

function faultInRefusal({ error }: Frame): string | undefined {
  if (!error || !Object.hasOwn(ERRORS, error.code)) return "it has no error code of the protocol";
  if (error.code === "internal") return "the service has failed";
  if (error.retryable !== ERRORS[error.code].retryable) return "retryable is not that of the table";
  return error.message.length > 0 && error.message.length < 400 ? undefined : "its message is empty or very long";
}

function faultOf(validator: Validator | undefined, data: unknown, what: string): string | undefined {
  if (!validator) return `${what} is not in the protocol`;
  return validator.Check(data) ? undefined : `${what} does not fit: ${JSON.stringify(validator.Errors(data)[0])}`;
}

/** Every `name` inside, however deep; `metadata` is the clients' own. */
function namesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    if (key === "metadata") return [];
    return key === "name" && typeof inner === "string" ? [inner] : namesIn(inner);
  });
}
