/**
 * The id and the type of a request that is refused unread. They are found in bounded work, whatever the size of the frame.
 */
import type { RequestId } from "./messages/index.js";

export interface Envelope {
  id: RequestId | undefined;
  type: string | undefined;
}

/** So many characters at the start and at the end of a large frame are looked at. */
export const ENVELOPE_CHARACTERS = 256;

const ID = String.raw`"id"\s*:\s*(?<id>-?\d{1,15}|"[^"\\]{0,64}")`;
const TYPE = String.raw`"type"\s*:\s*"(?<type>[^"\\]{0,64})"`;
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
  return { id: found.id === undefined ? undefined : (JSON.parse(found.id) as RequestId), type: found.type };
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
