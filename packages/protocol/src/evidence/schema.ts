/** The JSON schema of a session's evidence, made from its description. */
import Type, { type TSchema } from "typebox";
import type { EvidenceField } from "./fields.js";
import { EVIDENCE_FIELDS, type EvidenceReport } from "./report.js";

export const EvidenceReportSchema = Type.Unsafe<EvidenceReport>(
  Type.Object(Object.fromEntries(Object.entries(EVIDENCE_FIELDS).map(([name, field]) => [name, schemaOf(field)]))),
);

/** A `word` stays an open string: a node of an older version must not refuse the words of a newer one. */
function schemaOf(field: EvidenceField): TSchema {
  const description = field.means;
  switch (field.kind) {
    case "state":
      return Type.Enum(Object.keys(field.words), { description });
    case "word":
      return Type.Union([Type.String(), Type.Null()], { description });
    case "knownTime":
      return Type.Number({ description: `${description} Epoch milliseconds.` });
    case "time":
      return Type.Union([Type.Number(), Type.Null()], { description: `${description} Epoch milliseconds.` });
    case "number":
      return Type.Union([Type.Number(), Type.Null()], { description });
  }
}
