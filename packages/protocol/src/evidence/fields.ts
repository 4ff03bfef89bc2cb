/** The kinds of fields that a piece of evidence can have, and what follows from each kind. */

interface Described {
  /** What the field says, as one sentence for the documents and the HTTP reference. */
  readonly means: string;
}

/** Always one of these words. There will never be another one. The words are explained for the documents. */
interface StateField extends Described {
  readonly kind: "state";
  readonly words: Readonly<Record<string, string>>;
}

/** One of these words, or `null` while nothing is known. A newer service may use more words. */
interface WordField extends Described {
  readonly kind: "word";
  readonly words: Readonly<Record<string, string>>;
}

/**
 * `knownTime`: a moment that is always known. `time`: a moment, or `null` while it has not happened. Both are epoch
 * milliseconds. `number`: a number, or `null` while it is not known.
 */
interface PlainField extends Described {
  readonly kind: "knownTime" | "time" | "number";
}

export type EvidenceField = StateField | WordField | PlainField;
export type EvidenceFields = Readonly<Record<string, EvidenceField>>;

/** The field's value as this service reports it. */
export type Reported<F extends EvidenceField> = F extends StateField
  ? keyof F["words"] & string
  : F extends WordField
    ? (keyof F["words"] & string) | null
    : F["kind"] extends "knownTime"
      ? number
      : number | null;

/** The field's value as a reader gets it from a service of any version, which may use words that the reader lacks. */
export type Received<F extends EvidenceField> = F extends StateField
  ? string
  : F extends WordField
    ? string | null
    : F["kind"] extends "knownTime"
      ? number
      : number | null;

/** The values that the log line "ghost found" can hold, by the kind of the brief. */
interface BriefValues {
  /** Milliseconds. */
  duration: number;
  flag: boolean;
  word: string | undefined;
}
type BriefKind = keyof BriefValues;
export type BriefValue<K extends BriefKind> = BriefValues[K];

/** One kind of evidence, with everything that the service, the log, the operator page and the documents say of it. */
export interface EvidencePiece<
  F extends EvidenceFields = EvidenceFields,
  N extends string = string,
  K extends BriefKind = BriefKind,
> {
  /** What is known, as a heading for the documents. */
  readonly title: string;
  /** Its fields in the answer of `GET /api/sessions/:id`. */
  readonly fields: F;
  /**
   * The operator page's sentence about it; undefined when there is nothing to say.
   *
   * @param ago "12 s ago" for a moment in epoch milliseconds
   */
  say(evidence: { readonly [Name in keyof F]: Received<F[Name]> }, ago: (at: number) => string): string | undefined;
  /** The one field that stands for it in the log line and timeline step "ghost found". */
  readonly brief: {
    readonly name: N;
    readonly kind: K;
    /** @param now epoch milliseconds */
    of(evidence: { readonly [Name in keyof F]: Reported<F[Name]> }, now: number): BriefValue<K>;
    /**
     * In words; undefined when there is nothing to say.
     *
     * @param value the word itself, or a duration in words ("12 s"), or "true" for a flag that is set
     */
    readonly say: (value: string) => string | undefined;
  };
}

/** Lets the compiler infer the types of one piece of evidence from its fields. */
export function piece<const F extends EvidenceFields, const N extends string, const K extends BriefKind>(
  description: EvidencePiece<F, N, K>,
): EvidencePiece<F, N, K> {
  return description;
}
