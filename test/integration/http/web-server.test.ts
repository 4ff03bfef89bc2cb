import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createWebServer } from "../../../src/http/web-server.js";
import { createLogger } from "../../../src/observability/logger.js";

const log = createLogger({ level: "silent", pretty: false, nodeId: "n" });

async function startWeb(service: { serviceUrl: string | null; servicePort: number }): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "lastseen-web-"));
  writeFileSync(join(root, "index.html"), "<!doctype html><title>demo</title>");
  const server = await createWebServer({ log, root, service: () => service });
  onTestFinished(async () => {
    await server.close();
    rmSync(root, { recursive: true });
  });
  await server.listen({ port: 0, host: "127.0.0.1" });
  return `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
}

test("the page comes with a policy that lets in nothing of strangers, and no frame around it", async () => {
  const url = await startWeb({ serviceUrl: null, servicePort: 3001 });
  const page = await fetch(url);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("<title>demo</title>");
  const policy = page.headers.get("content-security-policy") ?? "";
  for (const part of ["default-src 'self'", "object-src 'none'", "frame-ancestors 'none'"])
    expect(policy).toContain(part);
  expect(policy).not.toContain("unsafe");
  expect(page.headers.get("x-content-type-options")).toBe("nosniff");
});

test("the page learns where its service is, and never from a cache", async () => {
  const url = await startWeb({ serviceUrl: "https://calls.example", servicePort: 4711 });
  const config = await fetch(`${url}/config.json`);
  expect(config.headers.get("cache-control")).toBe("no-store");
  expect(await config.json()).toEqual({ serviceUrl: "https://calls.example", servicePort: 4711 });
});

test.each(["/../package.json", "/%2e%2e/package.json", "/..%2fpackage.json", "/nowhere"])(
  "%s is not found",
  async (path) => {
    const url = await startWeb({ serviceUrl: null, servicePort: 3001 });
    const response = await fetch(`${url}${path}`);
    expect([403, 404]).toContain(response.status);
    expect(await response.text()).not.toContain("lastseen");
  },
);

test("a page that was not built is an error that says so", async () => {
  const creating = createWebServer({ log, root: "/nowhere", service: () => ({ serviceUrl: null, servicePort: 1 }) });
  await expect(creating).rejects.toThrow("The demo page is not built: /nowhere is missing");
});
