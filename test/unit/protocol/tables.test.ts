import { expect, test } from "vitest";
import { CLOSE_CODES, closeName, ERRORS, EVENTS, LEAVE_REASONS, REQUESTS } from "@lastseen/protocol";

test("the close codes are those that clients rely on, each with what they do about it", () => {
  expect(Object.fromEntries(Object.values(CLOSE_CODES).map(({ code, reconnect }) => [code, reconnect]))).toEqual({
    1000: "never",
    1001: "resume",
    1005: "resume",
    1006: "resume",
    1009: "never",
    1012: "resume",
    1013: "resume",
    4400: "never",
    4401: "resume",
    4403: "never",
    4408: "resume",
    4409: "never",
    4410: "fresh",
    4429: "resume",
  });
  expect(closeName(4403)).toBe("kicked");
  expect(closeName(4999)).toBeUndefined();
});

test("the error codes are those that clients rely on", () => {
  expect(Object.keys(ERRORS).toSorted()).toEqual(
    [
      ..."bad_message unauthorized forbidden blocked not_joined already_joined duplicate_session room_full".split(" "),
      ..."session_gone fenced not_found rate_limited media_unavailable redirect overloaded internal".split(" "),
      ..."callee_busy callee_offline caller_busy call_gone".split(" "),
    ].toSorted(),
  );
});

test("requests are imperative camelCase, events past-tense snake_case, and both are all there", () => {
  for (const type of Object.keys(REQUESTS)) expect(type).toMatch(/^[a-z]+([A-Z][a-z]+)*$/);
  for (const type of Object.keys(EVENTS)) expect(type).toMatch(/^[a-z]+(_[a-z]+)*$/);
  expect(Object.keys(REQUESTS)).toEqual(
    expect.arrayContaining([
      ..."hello ping join getRoom setMetadata leave beforeDisconnect createTransport connectTransport".split(" "),
      ..."restartIce produce pauseProducer resumeProducer closeProducer consume pauseConsumer".split(" "),
      ..."resumeConsumer closeConsumer setPreferredLayers".split(" "),
    ]),
  );
  expect(Object.keys(EVENTS)).toEqual(
    expect.arrayContaining([
      ..."user_joined user_left user_away user_back metadata_changed room_closed session_transferred".split(" "),
      ..."media_reset server_closing error new_producer producer_paused producer_resumed".split(" "),
      ..."producer_closed consumer_closed active_speaker".split(" "),
    ]),
  );
  expect(LEAVE_REASONS).toEqual(
    "left disconnected idle kicked room_closed node_lost expired_token shutdown".split(" "),
  );
});
