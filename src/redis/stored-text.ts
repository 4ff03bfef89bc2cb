/**
 * Text as Redis keeps it. The scripts put ids into lines and indexes in which a space ends an id, so an id's white space is
 * written as in a URL. Ids of earlier versions had neither white space nor "%": both versions write these in the same way.
 */
import { mayBreak, mended } from "@lastseen/protocol";

/** The id of a user or a room, for a script. */
export function storedId(id: string): string {
  return id.replace(/[%\s]/g, encodeURIComponent);
}

/** The id that {@link storedId} was given. @throws URIError when no version wrote this text */
export function readId(stored: string): string {
  return decodeURIComponent(stored);
}

/** Reads JSON that a node wrote. Nodes of earlier versions also wrote text that is not well-formed Unicode: it is mended. */
export function readJson(json: string): unknown {
  const value: unknown = JSON.parse(json);
  return mayBreak(json) ? mended(value) : value;
}
