/**
 * Builds everything into `dist/`: the service, the browser client, the demo page and the operator page. Fails when the
 * client's core has grown beyond its limit.
 */
import { spawn } from "node:child_process";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { webBundle } from "./web-bundle.js";

/** Minified and gzipped bytes of `lastseen/client`, without media. */
const CORE_LIMIT_BYTES = 12 * 1024;
const TSC = join("node_modules", "typescript", "bin", "tsc");

function compile(project: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const tsc = spawn(process.execPath, [TSC, "-p", project], { stdio: "inherit" });
    tsc.once("error", reject);
    tsc.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`tsc -p ${project} ended with ${code}`));
    });
  });
}

/** Files that the service reads at run time beside its code. */
function copyAssets(): Promise<void> {
  const elsewhere = new Set([join("src", "web"), join("src", "sdk")]);
  return cp("src", "dist", {
    recursive: true,
    filter: (source) => !elsewhere.has(source) && !/\.ts$|tsconfig\.json$/.test(source),
  });
}

async function coreSize(): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: ["src/sdk/index.ts"],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2023",
    write: false,
  });
  return outputFiles.reduce((bytes, { contents }) => bytes + gzipSync(contents, { level: 9 }).length, 0);
}

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;

const started = performance.now();
await rm("dist", { recursive: true, force: true });
const [, , , core] = await Promise.all([
  compile("tsconfig.json"),
  compile("src/sdk"),
  webBundle("dist").then(build),
  coreSize(),
  copyAssets(),
]);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(
  `built dist/ in ${seconds} s; client core ${kilobytes(core)} min+gzip, limit ${kilobytes(CORE_LIMIT_BYTES)}`,
);
if (core > CORE_LIMIT_BYTES) {
  console.error("The client's core is too large. What does it import?");
  process.exitCode = 1;
}
