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

test.each(["https://user:hush@backend.example/", "https://user@backend.example/", "https://:0x/"])(
  "%s is no address for webhooks, and the refusal does not repeat it",
  (WEBHOOK_URL) => {
    const refused = load({ WEBHOOK_URL, WEBHOOK_SECRET });
    expect(refused).toThrow(/WEBHOOK_URL must be a URL without a user name and password/);
    expect(refused).not.toThrow(/hush|backend\.example/);
  },
);
