/** An identity provider changes its keys, or stops to answer. The provider is a real HTTP server; the test moves the clock. */
import { expect, onTestFinished, test, vi } from "vitest";
import { verifyTokens } from "../../../src/gateway/authentication/verify-tokens.js";
import { systemClock } from "../../../src/kernel/clock.js";
import { ProviderKey, startKeyServer } from "./key-server.js";
import { inSeconds } from "./tokens.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const OLD = new ProviderKey("ES256", "old");
const NEW = new ProviderKey("ES256", "new");

/** A service's check of tokens, and how often it asked a provider with the old key. */
async function serviceAndProvider() {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const provider = await startKeyServer(OLD);
  const asked = { ok: 0, failed: 0 };
  const authenticate = verifyTokens(
    {
      secrets: [],
      keySetUrl: provider.url,
      issuer: undefined,
      audience: undefined,
      toleranceS: 0,
    },
    {
      clock: { ...systemClock, mono: () => Date.now(), wall: () => Date.now() },
      keysAsked: (error) => (asked[error === undefined ? "ok" : "failed"] += 1),
    },
  );
  const hello = async (key: ProviderKey): Promise<string> => {
    try {
      const token = key.token({ sub: "ada", exp: inSeconds(600) });
      return (await authenticate({ token, tabId: "t" }, undefined)).userId;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
  return { provider, asked, hello, pass };
}

test("tokens of the old and of the new key count while the provider publishes both; then the old ones are refused", async () => {
  const { provider, hello, pass } = await serviceAndProvider();
  expect(await hello(OLD)).toBe("ada");
  // The provider publishes the new key before it signs with it, as providers do.
  provider.keys = [OLD, NEW];
  pass(11 * SECOND);
  expect(await hello(NEW)).toBe("ada");
  expect(await hello(OLD)).toBe("ada");
  provider.keys = [NEW];
  // Keys that were fetched before count for at most ten minutes.
  pass(9 * MINUTE);
  expect(await hello(OLD)).toBe("ada");
  pass(MINUTE + SECOND);
  expect(await hello(OLD)).toBe("unauthorized");
  expect(await hello(NEW)).toBe("ada");
});

test("a new key counts at once when nobody has asked for ten seconds, and otherwise after ten seconds", async () => {
  const { provider, hello, pass } = await serviceAndProvider();
  expect(await hello(OLD)).toBe("ada");
  provider.keys = [OLD, NEW];
  expect(await hello(NEW)).toBe("unauthorized");
  pass(10 * SECOND);
  expect(await hello(NEW)).toBe("ada");
});

test("made-up key ids make the service ask at most every ten seconds, and the right keys go on", async () => {
  const { provider, hello, pass } = await serviceAndProvider();
  expect(await hello(OLD)).toBe("ada");
  for (let n = 0; n < 60; n += 1) {
    const strangers = Array.from({ length: 10 }, (_none, k) => new ProviderKey("EdDSA", `made-up-${n}-${k}`));
    const refused = await Promise.all(strangers.map((key) => hello(key)));
    expect(new Set(refused)).toEqual(new Set(["unauthorized"]));
    expect(await hello(OLD)).toBe("ada");
    pass(SECOND);
  }
  // 600 tokens in one minute.
  expect(provider.requests).toBeLessThanOrEqual(7);
});

test("while the provider fails, its keys of before count for a day, made-up ids do not hurry the questions, and it is asked again", async () => {
  const { provider, asked, hello, pass } = await serviceAndProvider();
  expect(await hello(OLD)).toBe("ada");
  const { answer } = provider;
  provider.answer = (response) => response.writeHead(503).end();
  for (let hours = 0; hours < 23; hours += 1) {
    pass(HOUR);
    expect(await hello(OLD)).toBe("ada");
    // The key may exist: nobody can know now, so the client shall come back.
    expect(await hello(NEW)).toBe("overloaded");
  }
  expect(asked).toEqual({ ok: 1, failed: 23 });
  pass(2 * HOUR);
  expect(await hello(OLD)).toBe("overloaded");
  expect(await hello(OLD)).toBe("overloaded");
  expect(asked).toEqual({ ok: 1, failed: 24 });
  provider.answer = answer;
  pass(6 * SECOND);
  expect(await hello(OLD)).toBe("ada");
  expect(asked).toEqual({ ok: 2, failed: 24 });
});
