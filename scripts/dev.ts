/**
 * Development: the page is bundled and the service restarted whenever their sources change. Reload the page to see it.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { context } from "esbuild";
import { webBundle } from "./web-bundle.js";

const page = await context(await webBundle("dist"));
await page.rebuild();
await page.watch();

const TSX = join("node_modules", "tsx", "dist", "cli.mjs");
const service = spawn(process.execPath, [TSX, "watch", "--clear-screen=false", "src/main.ts"], {
  stdio: "inherit",
  env: { ...process.env, LASTSEEN_ENV: process.env["LASTSEEN_ENV"] || "development" },
});

// The service hears Ctrl+C from the terminal by itself; this process waits for it to stop in order.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => service.kill(signal));
service.once("exit", (code) => {
  void page.dispose().then(() => process.exit(code ?? 0));
});
