/**
 * The id and the type of a request that is refused unread. They are found in bounded work, whatever the size of the frame.
 */
import type { RequestId } from "./messages/index.js";
import { isWellFormed } from "./text.js";

export interface Envelope {
  id: RequestId | undefined;
  type: string | undefined;
}

/** So many characters at the start and at the end of a large frame are looked at. */
export const ENVELOPE_CHARACTERS = 256;

/** A text of JSON, escapes included. What looks like one may still be wrong JSON. */
const TEXT = String.raw`"(?:[^"\\]|\\.){0,64}"`;
const ID = String.raw`"id"\s*:\s*(?<id>-?\d{1,16}|${TEXT})`;
const TYPE = String.raw`"type"\s*:\s*(?<type>${TEXT})`;
const AT_START = [ID, TYPE].map((first) => new RegExp(String.raw`^\s*\{\s*${first}\s*[,}]`));
const SECOND = [ID, TYPE].map(
  (second) => new RegExp(String.raw`^\s*\{\s*"(?:id|type)"\s*:\s*[^,]{1,80},\s*${second}\s*[,}]`),
);
const AT_END = [ID, TYPE].map((last) => new RegExp(String.raw`,\s*${last}\s*\}\s*$`));
const SECOND_LAST = [ID, TYPE].map(
  (secondLast) => new RegExp(String.raw`,\s*${secondLast}\s*,\s*"(?:id|type)"\s*:\s*[^,]{1,80}\}\s*$`),
);

/**
 * Reads id and type where clients write them: as the first or as the last members of the frame. What stands in the middle of a
 * large frame is not found.
 *
 * @param head the first {@link ENVELOPE_CHARACTERS} of the frame
 * @param tail the last ones
 * @returns undefined when the frame can't be a JSON object
 */
export function findEnvelope(head: string, tail: string): Envelope | undefined {
  if (!/^\s*\{/.test(head)) return undefined;
  const found = { ...groupsIn(tail, [...SECOND_LAST, ...AT_END]), ...groupsIn(head, [...SECOND, ...AT_START]) };
  const [id, type] = [read(found.id), read(found.type)];
  return { id: isRequestId(id) ? id : undefined, type: isShortText(type) ? type : undefined };
}

/** An id that a client may choose: an integer that numbers carry exactly, or at most 64 characters of well-formed Unicode. */
export function isRequestId(value: unknown): value is RequestId {
  return Number.isSafeInteger(value) || isShortText(value);
}

function isShortText(value: unknown): value is string {
  return typeof value === "string" && value.length <= 64 && isWellFormed(value);
}

/** The frame was not parsed, so a part of it may be wrong JSON. */
function read(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

function groupsIn(text: string, patterns: readonly RegExp[]): { id?: string; type?: string } {
  const found: Record<string, string> = {};
  for (const pattern of patterns) {
    for (const [name, value] of Object.entries(pattern.exec(text)?.groups ?? {})) {
      if (value !== undefined) found[name] = value;
    }
  }
  return found;
}
