/** The JSON form of the messages that nodes send each other through Redis. */
import Type from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { readJson } from "./stored-text.js";
import { NODE_MESSAGES, type NodeMessage } from "../ports/node-messages.js";

export interface NodeFrame {
  /** The node that sent it. */
  readonly from: string;
  /** One process of that node. In each stream `seq` begins at 1. */
  readonly stream: string;
  /** The number of a message to all nodes; undefined for a message to one node. */
  readonly seq: number | undefined;
  /** Undefined when this version does not know the kind of message, or when it is malformed. */
  readonly message: NodeMessage | undefined;
  /** The number of a message about users, under a lease of the receiver. The script that sends the message adds it. */
  readonly numbered?: { readonly lease: string; readonly nth: number } | undefined;
}

const Envelope = Compile(
  Type.Object({
    from: Type.String({ minLength: 1, maxLength: 128 }),
    stream: Type.String({ minLength: 1, maxLength: 64 }),
    seq: Type.Optional(Type.Integer({ minimum: 1 })),
    lease: Type.Optional(Type.String()),
    nth: Type.Optional(Type.Integer({ minimum: 1 })),
    message: Type.Object({ type: Type.String() }),
  }),
);

const validators = new Map<string, Validator>(
  Object.entries(NODE_MESSAGES).map(([type, schema]) => [type, Compile(schema)]),
);

/** @param frame `nr`: makes it different from all others of its stream; nobody reads it */
export function encodeFrame(frame: Omit<NodeFrame, "numbered"> & { readonly nr?: number | undefined }): string {
  return JSON.stringify(frame);
}

/** Reads a frame. Returns undefined when the frame does not name its sender. Never throws. */
export function decodeFrame(text: string): NodeFrame | undefined {
  let frame: unknown;
  try {
    frame = readJson(text);
  } catch {
    return undefined;
  }
  if (!Envelope.Check(frame)) return undefined;
  const { from, stream, seq, message, lease, nth } = frame;
  const numbered = lease === undefined || nth === undefined ? undefined : { lease, nth };
  return { from, stream, seq, numbered, message: isNodeMessage(message) ? message : undefined };
}

function isNodeMessage(message: { type: string }): message is NodeMessage {
  return validators.get(message.type)?.Check(message) ?? false;
}
