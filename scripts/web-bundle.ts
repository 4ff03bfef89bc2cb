import { readdir } from "node:fs/promises";
import { join, parse } from "node:path";
import type { BuildOptions } from "esbuild";

const SOURCE = "src/web";
/** The demo page runs it first. It has no imports and exports. */
const EARLY = "packages/client/src/early.ts";
/** Each page's script starts here; esbuild follows its imports. */
const SCRIPT = /^main\.tsx?$/;
/** What a page needs besides its script. esbuild bundles style sheets and copies the rest. */
const ASSETS = /\.(html|css|svg|png|webmanifest)$/;

/**
 * esbuild's options for the demo page in `web/` and the operator page in `ops/`, from the root of the checkout. How JSX
 * becomes JavaScript, esbuild reads from `src/web/tsconfig.json`.
 */
export async function webBundle(outdir: string): Promise<BuildOptions> {
  return {
    entryPoints: [
      ...(await entriesOf(SOURCE, "web")),
      ...(await entriesOf(join(SOURCE, "ops"), "ops")),
      { in: EARLY, out: "web/early" },
    ],
    outdir,
    bundle: true,
    format: "esm",
    target: ["chrome111", "firefox128", "safari17"],
    loader: { ".html": "copy", ".svg": "copy", ".png": "copy", ".webmanifest": "copy" },
    minify: true,
    sourcemap: true,
    legalComments: "none",
    logLevel: "warning",
  };
}

async function entriesOf(folder: string, page: string): Promise<{ in: string; out: string }[]> {
  const files = (await readdir(folder)).filter((name) => SCRIPT.test(name) || ASSETS.test(name));
  return files.map((name) => ({ in: join(folder, name), out: `${page}/${parse(name).name}` }));
}
