/** Messages between nodes as they travel. */
import Type from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { NODE_MESSAGES, type NodeMessage } from "../ports/node-messages.js";

export interface NodeFrame {
  /** The node that sent it. */
  readonly from: string;
  /** One run of that node: its numbers begin at 1 with every stream. */
  readonly stream: string;
  /** The number of a message to all; undefined for one to a single node. */
  readonly seq: number | undefined;
  /** Undefined when it is of a kind that this version does not know, or is malformed. */
  readonly message: NodeMessage | undefined;
}

const Envelope = Compile(
  Type.Object({
    from: Type.String({ minLength: 1, maxLength: 128 }),
    stream: Type.String({ minLength: 1, maxLength: 64 }),
    seq: Type.Optional(Type.Integer({ minimum: 1 })),
    message: Type.Object({ type: Type.String() }),
  }),
);

const validators = new Map<string, Validator>(
  Object.entries(NODE_MESSAGES).map(([type, schema]) => [type, Compile(schema)]),
);

export function encodeFrame(frame: NodeFrame): string {
  return JSON.stringify(frame);
}

/** Undefined when it can't be told who sent it. Never throws. */
export function decodeFrame(text: string): NodeFrame | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Envelope.Check(frame)) return undefined;
  const { from, stream, seq, message } = frame;
  return { from, stream, seq, message: isNodeMessage(message) ? message : undefined };
}

function isNodeMessage(message: { type: string }): message is NodeMessage {
  return validators.get(message.type)?.Check(message) ?? false;
}
