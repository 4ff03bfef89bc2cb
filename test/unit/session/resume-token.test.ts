import { expect, test } from "vitest";
import { ResumeToken } from "../../../src/session/resume-token.js";

test("every token is another one, and has 192 bits", () => {
  const tokens = Array.from({ length: 1_000 }, () => ResumeToken.create().text ?? "");
  expect(new Set(tokens).size).toBe(1_000);
  // Half a token of another one, or bytes that were wiped, would repeat.
  expect(new Set(tokens.flatMap((token) => [token.slice(0, 16), token.slice(16)])).size).toBe(2_000);
  for (const token of tokens) expect(Buffer.from(token, "base64url")).toHaveLength(24);
});

test("a token is known by its text, and by its hash alone", () => {
  const [token, other] = [ResumeToken.create(), ResumeToken.create()];
  const elsewhere = ResumeToken.fromHash(token.hash);
  for (const known of [token, elsewhere]) {
    expect(known.matches(token.text ?? "")).toBe(true);
    expect(known.matches(other.text ?? "")).toBe(false);
    expect(known.matches("")).toBe(false);
  }
});
