import type { Static, TObject } from "typebox";
import { Compile } from "typebox/compile";
import type { JsonObject } from "@lastseen/protocol";

/** Something that one node can ask another. The two may be of different versions: both ways are read strictly. */
export interface Question<Asked extends JsonObject, Answer extends JsonObject> {
  readonly name: string;
  /** Undefined when it is not such a question as this version knows. */
  readAsked(data: unknown): Asked | undefined;
  /** Undefined when it is not such an answer as this version knows. */
  readAnswer(data: unknown): Answer | undefined;
}

/** @param name what it is called between the nodes */
export function defineQuestion<Asked extends TObject, Answer extends TObject>(
  name: string,
  asked: Asked,
  answer: Answer,
): Question<Static<Asked> & JsonObject, Static<Answer> & JsonObject> {
  return { name, readAsked: reader(asked), readAnswer: reader(answer) };
}

function reader<T extends TObject>(schema: T): (data: unknown) => (Static<T> & JsonObject) | undefined {
  const validator = Compile(schema);
  const fits = (data: unknown): data is Static<T> & JsonObject => validator.Check(data);
  return (data) => (fits(data) ? data : undefined);
}
