import { EVIDENCE_PIECES, type ReceivedEvidence } from "@lastseen/protocol";
import { duration } from "./words.js";

/**
 * What is known about a session being alive, a sentence for each piece of evidence.
 *
 * @param asOf epoch ms
 * @param then follows each age: "ago", or "before the end"
 */
export function evidenceWords(evidence: ReceivedEvidence, asOf: number, then: string): string[] {
  const ago = (at: number): string => `${duration(asOf - at)} ${then}`;
  return EVIDENCE_PIECES.flatMap((piece) => piece.say(evidence, ago) ?? []);
}
