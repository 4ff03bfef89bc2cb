import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import { WEBHOOK_SECRET } from "../../support/secrets.js";

const CONFIG = fileURLToPath(new URL("../../../config", import.meta.url));
const load = (env: Record<string, string>) => () => loadConfig({ LASTSEEN_ENV: "test", ...env }, CONFIG);

test("a webhook needs a secret", () => {
  const WEBHOOK_URL = "https://backend.example/hooks";
  expect(load({ WEBHOOK_URL })).toThrow(/WEBHOOK_URL needs WEBHOOK_SECRET/);
  expect(load({ WEBHOOK_URL, WEBHOOK_SECRET })()).toMatchObject({ WEBHOOK_URL });
  expect(load({ WEBHOOK_SECRET })).not.toThrow();
});

test("the secret of before needs the one that replaces it", () => {
  expect(load({ WEBHOOK_SECRET_PREVIOUS: WEBHOOK_SECRET })).toThrow(/WEBHOOK_SECRET_PREVIOUS needs WEBHOOK_SECRET/);
  expect(load({ WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS: `${WEBHOOK_SECRET}1` })).not.toThrow();
});

test.each([
  ["no base64", "whsec_not base64 at all, but long enough"],
  ["base64 without its padding", `whsec_${Buffer.alloc(32, "secret").toString("base64").replace("=", "")}`],
  ["too short", `whsec_${Buffer.from("23 bytes are one short.").toString("base64")}`],
  ["too long", `whsec_${Buffer.alloc(65, "65 bytes").toString("base64")}`],
  ["empty", "whsec_"],
])("a secret with the prefix of Standard Webhooks is refused when it is %s, and not repeated", (_what, secret) => {
  for (const name of ["WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS"]) {
    const refused = load({ WEBHOOK_SECRET, [name]: secret });
    expect(refused).toThrow(new RegExp(`${name} begins with whsec_, so 24 to 64 bytes in base64 must follow`));
    if (secret.length > 6) expect(refused).not.toThrow(secret);
  }
});

test.each(["https://user:hush@backend.example/", "https://user@backend.example/", "https://:0x/"])(
  "%s is no address for webhooks, and the refusal does not repeat it",
  (WEBHOOK_URL) => {
    const refused = load({ WEBHOOK_URL, WEBHOOK_SECRET });
    expect(refused).toThrow(/WEBHOOK_URL must be a URL without a user name and password/);
    expect(refused).not.toThrow(/hush|backend\.example/);
  },
);
