/**
 * Builds everything: each package into its own `dist/`, and the service, the demo page and the operator page into `dist/`
 * of the root. Fails when the client's core or its early script has grown beyond its limit.
 */
import { spawn } from "node:child_process";
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { webBundle } from "./web-bundle.js";

const PACKAGES = ["protocol", "client", "react", "server", "agent", "conformance"] as const;
/** Minified and gzipped bytes of `@lastseen/client`, without media. */
const CORE_LIMIT_BYTES = 16_000;
/** The same of `@lastseen/client/early`. */
const EARLY_LIMIT_BYTES = 512;
const TSC = join("node_modules", "typescript", "bin", "tsc");

/**
 * Compiles `<folder>/src` into `<folder>/dist`. Without `paths`, which lead to the sources of the packages: a package is
 * compiled against the built types of the others, as whoever installs it will be.
 */
function compile(folder: string): Promise<void> {
  const directories = ["--rootDir", join(folder, "src"), "--outDir", join(folder, "dist")];
  return tsc("-p", folder, ...directories, "--paths", "null", "--incremental", "false");
}

function tsc(...args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const compiler = spawn(process.execPath, [TSC, ...args], { stdio: "inherit" });
    compiler.once("error", reject);
    compiler.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`tsc ${args.join(" ")} ended with ${code}`));
    });
  });
}

/** Each needs the built types of those before it. */
async function compileAll(): Promise<void> {
  await compile(join("packages", "protocol"));
  const ofProtocol = ["client", "server", "conformance"].map((name) => compile(join("packages", name)));
  await Promise.all([...ofProtocol, bundleAgent()]);
  await Promise.all([compile(join("packages", "react")), compile(".")]);
}

/**
 * The agent watches mediasoup with the same code as the service, which is bundled into the package. Its public types name nothing of
 * that code.
 */
async function bundleAgent(): Promise<void> {
  const folder = join("packages", "agent");
  const types = join("node_modules", ".cache", "agent-types");
  const external = ["mediasoup", "ws", "@lastseen/protocol", "@lastseen/protocol/*"];
  const [entry, outfile] = [join(folder, "src", "index.ts"), join(folder, "dist", "index.js")];
  const options = { platform: "node", format: "esm", target: "node20", legalComments: "none" } as const;
  await build({ entryPoints: [entry], outfile, bundle: true, external, sourcemap: true, ...options });
  await tsc("-p", folder, "--emitDeclarationOnly", "--rootDir", ".", "--outDir", types, "--incremental", "false");
  for (const name of ["index", "options", "watch-mediasoup"]) {
    await cp(join(types, folder, "src", `${name}.d.ts`), join(folder, "dist", `${name}.d.ts`));
  }
}

/** Makes the early script one that a `<script>` without `type="module"` can run. @returns its size in bytes, gzipped */
async function bundleEarly(): Promise<number> {
  const outfile = "packages/client/dist/early.js";
  const options = { format: "iife", minify: true, target: "es2020", legalComments: "none" } as const;
  await build({ entryPoints: ["packages/client/src/early.ts"], outfile, sourcemap: true, ...options });
  return gzipSync(await readFile(outfile), { level: 9 }).length;
}

/** Files that the service reads at run time beside its code. */
function copyAssets(): Promise<void> {
  return cp("src", "dist", {
    recursive: true,
    filter: (source) => source !== join("src", "web") && !/\.ts$|tsconfig\.json$/.test(source),
  });
}

async function coreSize(): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: ["packages/client/src/index.ts"],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2023",
    write: false,
    splitting: true,
    outdir: "core",
  });
  // What the client loads only after a failure does not count.
  const core = outputFiles.filter(({ path }) => !/[\\/]diagnosis-\w+\.js$/.test(path));
  return core.reduce((bytes, { contents }) => bytes + gzipSync(contents, { level: 9 }).length, 0);
}

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;

const started = performance.now();
const outputs = ["dist", ...PACKAGES.map((name) => join("packages", name, "dist"))];
await Promise.all(outputs.map((folder) => rm(folder, { recursive: true, force: true })));
const [core] = await Promise.all([coreSize(), compileAll(), webBundle("dist").then(build), copyAssets()]);
const early = await bundleEarly();
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(
  `built dist/ in ${seconds} s; client core ${kilobytes(core)} min+gzip, limit ${kilobytes(CORE_LIMIT_BYTES)}`,
);
if (early > EARLY_LIMIT_BYTES) {
  console.error(`The client's early script has ${early} bytes min+gzip; ${EARLY_LIMIT_BYTES} are allowed.`);
  process.exitCode = 1;
}
if (core > CORE_LIMIT_BYTES) {
  console.error("The client's core is too large. What does it import?");
  process.exitCode = 1;
}
