/** A page that has only the SDK in it, and nothing of the demo page. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { onTestFinished } from "vitest";
import type { ConnectOptions, LastseenClient } from "@lastseen/client";

declare global {
  interface Window {
    /** The SDK of such a page. */
    sdk: { connect(options: ConnectOptions): LastseenClient };
    /** The clients that a test has made in it. */
    clients: LastseenClient[];
  }
}

/** Serves one answer to every request until the test has ended. @returns its origin */
export async function serve(body: string, type: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(200, { "content-type": type }).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Serves a page with the SDK as `window.sdk`. @returns its origin */
export async function serveSdk(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: 'import * as sdk from "@lastseen/client"; window.sdk = sdk;', resolveDir: process.cwd() },
    conditions: ["source"],
    alias: { "@lastseen/client": `${process.cwd()}/packages/client/src/index.ts` },
    bundle: true,
    write: false,
  });
  return serve(`<script>${outputFiles[0]?.text.replaceAll("</script", "<\\/script") ?? ""}</script>`, "text/html");
}
