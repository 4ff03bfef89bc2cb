import { expect, test } from "vitest";
import { Refused } from "../../../src/web/ops/api.js";
import { Contact, SILENCE_MS } from "../../../src/web/ops/contact.js";

/** A contact whose time the test moves. */
function openContact() {
  let now = 1_000_000;
  const contact = new Contact(() => now);
  const pass = (ms: number) => {
    now += ms;
    contact.tick();
  };
  return { contact, pass };
}

test("without an answer for five seconds there is a problem, whatever was answered before", () => {
  const { contact, pass } = openContact();
  contact.answered("data");
  pass(SILENCE_MS);
  expect(contact.problem.value).toBeUndefined();
  pass(1);
  expect(contact.problem.value?.brief).toBe("No answer");
  expect(contact.answeredAt.value).toEqual(new Date(1_000_000));
  contact.answered("pulse");
  expect(contact.problem.value).toBeUndefined();
});

test("a question that fails is a problem at once, until the same question is answered", () => {
  const { contact } = openContact();
  contact.answered("pulse");
  contact.failed("data", new TypeError("fetch failed"));
  expect(contact.problem.value?.text).toBe("The service does not answer.");
  contact.answered("pulse");
  expect(contact.problem.value).toBeDefined();
  contact.answered("data");
  expect(contact.problem.value).toBeUndefined();
});

test("an answer that is an error is a problem that says what the service said", () => {
  const { contact } = openContact();
  contact.failed("pulse", new Refused(503, "The service stops."));
  expect(contact.problem.value).toEqual({
    brief: "Only errors",
    text: "The service answers with an error: The service stops.",
  });
});
