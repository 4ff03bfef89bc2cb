/** What follows from the description of the evidence: the types of a report, and its short form. */
import { EVIDENCE } from "./evidence.js";
import type { BriefValue, EvidenceField, EvidencePiece, Received, Reported } from "./fields.js";

type Pieces = typeof EVIDENCE;
type AnyFields = Pieces[keyof Pieces]["fields"];
type FieldName = { [P in keyof Pieces]: keyof Pieces[P]["fields"] }[keyof Pieces];
/** The field of this name, whichever piece has it. */
type FieldOf<Name extends FieldName> = Extract<AnyFields, Readonly<Record<Name, EvidenceField>>>[Name];

/** A session's evidence for people: times in epoch milliseconds, `null` for what is not known or has not happened. */
export type EvidenceReport = { [Name in FieldName]: Reported<FieldOf<Name>> };

/** A report as a reader gets it from a service of any version. */
export type ReceivedEvidence = { [Name in FieldName]: Received<FieldOf<Name>> };

/** A report in short: the `evidence` of the log line and timeline step "ghost found". */
export type EvidenceBrief = {
  [P in keyof Pieces as Pieces[P]["brief"]["name"]]: BriefValue<Pieces[P]["brief"]["kind"]>;
};

/** Every piece, in the order in which operators read them. */
export const EVIDENCE_PIECES: readonly EvidencePiece[] = Object.values(EVIDENCE);

/** Every field of a report, in the same order. */
export const EVIDENCE_FIELDS = Object.fromEntries(
  EVIDENCE_PIECES.flatMap(({ fields }) => Object.entries(fields)),
) as Readonly<Record<FieldName, EvidenceField>>;

/** @param now epoch milliseconds */
export function briefOf(report: EvidenceReport, now: number): EvidenceBrief {
  return Object.fromEntries(EVIDENCE_PIECES.map(({ brief }) => [brief.name, brief.of(report, now)])) as EvidenceBrief;
}

/**
 * A brief in words: "silent for 21 s", "its media lost".
 *
 * @param brief as it was received: what is missing or of another kind says nothing
 * @param duration milliseconds in words
 */
export function briefWords(brief: Readonly<Record<string, unknown>>, duration: (ms: number) => string): string[] {
  return EVIDENCE_PIECES.flatMap(({ brief: { name, kind, say } }) => {
    const value = brief[name];
    switch (kind) {
      case "duration":
        return typeof value === "number" ? (say(duration(value)) ?? []) : [];
      case "flag":
        return value === true ? (say(String(value)) ?? []) : [];
      case "word":
        return typeof value === "string" && value !== "" ? (say(value) ?? []) : [];
    }
  });
}
