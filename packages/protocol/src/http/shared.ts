/** What several answers of the HTTP API have in common. */
import Type, { type TSchema, type TSchemaOptions } from "typebox";

export const OrNull = <T extends TSchema>(schema: T, options: TSchemaOptions = {}) =>
  Type.Union([schema, Type.Null()], options);

export const Count = Type.Integer({ minimum: 0 });

/** Nodes whose part is not in the answer. */
export const Missing = Type.Array(Type.String(), {
  description: "Nodes that did not answer; what only they know is not in this answer",
});

/** Open mediasoup objects of one session. */
export const MediaCounts = Type.Object({
  transports: Type.Integer(),
  producers: Type.Integer(),
  consumers: Type.Integer(),
});

/** Who asked for something: the name of the token, and the address. */
export const By = Type.Object({ name: Type.String(), address: Type.Optional(Type.String()) });
