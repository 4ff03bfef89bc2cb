/** What a page in a real browser is told when it cannot connect: CORS, TLS and ports, as the browser shows them to a script. */
import { describe, expect, test } from "vitest";
import type { Retry } from "@lastseen/client";
import { freePort } from "../support/free-port.js";
import { startService } from "../support/service.js";
import { noStageReason, openPage } from "./browsers.js";
import { serve, serveSdk } from "./sdk-page.js";
import { onStage } from "./stage.js";

/** A page with the SDK in it. */
async function openSdkPage() {
  const origin = await serveSdk();
  const { page } = await openPage();
  await page.goto(origin);
  const firstRetry = (url: string) =>
    page.evaluate((address) => {
      const client = window.sdk.connect({ url: address, log: false });
      return new Promise<Retry>((resolve) =>
        client.on("retry", (retry) => {
          void client.disconnect();
          resolve(retry);
        }),
      );
    }, url);
  return { origin, firstRetry };
}

describe.skipIf(noStageReason)("a page that cannot connect", () => {
  test(
    onStage("is told whether nothing answers, its origin is refused, the scheme is wrong, or it is not Lastseen"),
    async () => {
      const { origin, firstRetry } = await openSdkPage();
      const service = await startService({ CORS_ORIGIN: "https://app.example" });
      expect(await firstRetry(service.http)).toMatchObject({
        kind: "origin_refused",
        message: expect.stringContaining(`${origin}: add it to CORS_ORIGIN`),
      });
      expect(await firstRetry(`https://127.0.0.1:${service.port}`)).toMatchObject({ kind: "tls" });
      expect(await firstRetry(`http://127.0.0.1:${await freePort()}`)).toMatchObject({ kind: "unreachable" });
      expect(await firstRetry(await serve("hello", "text/plain"))).toMatchObject({ kind: "not_lastseen" });
      expect(await firstRetry(`${service.http}/wrong`)).toMatchObject({ kind: "not_lastseen" });
    },
  );
});
