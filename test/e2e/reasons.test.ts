/** What a page in a real browser is told when it cannot connect: CORS, TLS and ports, as the browser shows them to a script. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { describe, expect, onTestFinished, test } from "vitest";
import type { LastseenClient, ConnectOptions, Retry } from "@lastseen/client";
import { freePort } from "../support/free-port.js";
import { startService } from "../support/service.js";
import { noStageReason, openPage } from "./browsers.js";
import { onStage } from "./stage.js";

async function serve(body: string, type: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(200, { "content-type": type }).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A page with the SDK in it. */
async function openSdkPage() {
  const { outputFiles } = await build({
    stdin: { contents: 'import * as sdk from "@lastseen/client"; window.sdk = sdk;', resolveDir: process.cwd() },
    conditions: ["source"],
    alias: { "@lastseen/client": `${process.cwd()}/packages/client/src/index.ts` },
    bundle: true,
    write: false,
  });
  const origin = await serve(
    `<script>${outputFiles[0]?.text.replaceAll("</script", "<\\/script") ?? ""}</script>`,
    "text/html",
  );
  const { page } = await openPage();
  await page.goto(origin);
  const firstRetry = (url: string) =>
    page.evaluate((address) => {
      const { sdk } = window as unknown as { sdk: { connect(options: ConnectOptions): LastseenClient } };
      const client = sdk.connect({ url: address, log: false });
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
