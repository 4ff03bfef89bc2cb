/** The frames of the fuzz test: right requests, requests that are wrong in one place, and what is no request at all. */
import fc from "fast-check";
import { REQUESTS, type RequestType } from "@lastseen/protocol";
import { rightFor, wrongInOnePlace } from "./from-schema.js";
import { EXTRAS, hostileText, hostileValue } from "./hostile.js";

export const REQUEST_TYPES = Object.keys(REQUESTS) as RequestType[];

/** A text frame as it is sent, apart from references; or the bytes of a binary frame or of text that is no UTF-8. */
export type Frame = { text: string } | { bytes: Uint8Array; binary: boolean };

const unusualId: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>("__proto__", -1, 0, 2 ** 53 - 1),
  hostileValue,
);
/** Most requests have an id of their own, some have an unusual one, and some have none. */
const id = fc.oneof(
  { weight: 12, arbitrary: fc.constant("<<id>>") },
  { weight: 2, arbitrary: unusualId },
  { weight: 1, arbitrary: fc.constant(undefined) },
);

const rightRequest = fc.constantFrom(...REQUEST_TYPES).chain((type) => requestOf(type, rightFor(REQUESTS[type].data)));
const wrongRequest = fc
  .constantFrom(...REQUEST_TYPES)
  .chain((type) => requestOf(type, wrongInOnePlace(REQUESTS[type].data)));

function requestOf(type: RequestType, data: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.tuple(id, data).map(([chosen, content]) => JSON.stringify({ id: chosen, type, data: content }));
}

/** A request with members that no JSON writer makes. */
const extended = fc
  .tuple(fc.oneof(rightRequest, wrongRequest), fc.constantFrom(...EXTRAS), fc.boolean())
  .map(([text, extra, inside]) => {
    const end = inside && text.endsWith("}}") ? 2 : 1;
    const before = text.slice(0, -end);
    return `${before}${before.endsWith("{") ? "" : ","}${extra}${text.slice(-end)}`;
  });

const anyObject = fc
  .record(
    { id, type: fc.oneof(hostileValue, fc.constantFrom(...REQUEST_TYPES)), data: hostileValue },
    { requiredKeys: [] },
  )
  .map((frame) => JSON.stringify(frame));

/** A request in which some characters were replaced. */
const damaged = fc
  .tuple(rightRequest, fc.nat({ max: 60 }), fc.oneof(hostileText, fc.string({ maxLength: 3 })))
  .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1));
const truncated = fc.tuple(rightRequest, fc.nat({ max: 60 })).map(([text, at]) => text.slice(0, at));
const notJson = fc.oneof(
  hostileText,
  hostileValue.map((value) => JSON.stringify(value)),
);
/** Ids as they stand in a frame, some of which are wrong JSON. The service looks for the id of a frame that it does not parse. */
const rawId = fc.oneof(
  fc.constantFrom('"<<id>>"', '"a\nb"', '"\\x"', '"\\ud800"', '"\\u0041"', "9007199254740993", "-0", "1e3", '"', "[[["),
  hostileText.map((text) => `"${text}"`),
  hostileText.map((text) => JSON.stringify(text)),
);
const giant = fc
  .tuple(
    rawId,
    fc.constantFrom(2_000, 15_000, 20_000, 65_000, 65_536, 70_000),
    fc.constantFrom("x", "[", '"'),
    fc.boolean(),
  )
  .map(([chosen, length, filler, isLast]) => {
    const members = [`"id":${chosen}`, `"type":"setMetadata","data":{"metadata":{"x":"${filler.repeat(length)}"}}`];
    return `{${(isLast ? members.toReversed() : members).join(",")}}`;
  });

const asText = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<Frame> => arbitrary.map((text) => ({ text }));
const bytes: fc.Arbitrary<Frame> = fc.record({ bytes: fc.uint8Array({ maxLength: 40 }), binary: fc.boolean() });

/** Frames that the service answers. After some of the others it closes the socket, so they are rare. */
export const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  { weight: 30, arbitrary: asText(rightRequest) },
  { weight: 30, arbitrary: asText(wrongRequest) },
  { weight: 6, arbitrary: asText(extended) },
  { weight: 6, arbitrary: asText(anyObject) },
  { weight: 2, arbitrary: asText(damaged) },
  { weight: 1, arbitrary: asText(truncated) },
  { weight: 1, arbitrary: asText(notJson) },
  { weight: 2, arbitrary: asText(giant) },
  { weight: 1, arbitrary: bytes },
);
