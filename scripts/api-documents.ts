/**
 * Makes `packages/protocol/openapi.json` from the routes of the service, which describe themselves with the schemas of
 * `@lastseen/protocol/http`. `npm run docs` writes it; a test fails when it was not run.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, resolveConfig } from "prettier";
import { buildApp } from "../src/composition/app.js";
import { loadConfig } from "../src/config/load.js";
import { createLogger } from "../src/observability/logger.js";

export const TARGET = fileURLToPath(new URL("../packages/protocol/openapi.json", import.meta.url));
const CONFIG_DIRECTORY = fileURLToPath(new URL("../config", import.meta.url));

/** The service in development, which makes the document for its page `/docs`. */
export async function openApiDocument(): Promise<string> {
  const env = { LASTSEEN_ENV: "development", PORT: "0", WEB_PORT: "0", SFU_WORKERS: "0", LOG_LEVEL: "silent" };
  const config = loadConfig(env, CONFIG_DIRECTORY);
  const app = await buildApp(config, createLogger({ level: "silent", pretty: false, nodeId: config.NODE_ID }));
  try {
    const { body } = await app.http.inject({ url: "/docs/json" });
    return await format(body, { ...(await resolveConfig(TARGET)), parser: "json" });
  } finally {
    await app.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(TARGET, await openApiDocument());
}
