import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { BuildOptions } from "esbuild";

const SOURCE = "src/web";
/** What the page is made of besides its script: copied as it is, or bundled, by its extension. */
const ASSETS = /\.(html|css|svg|png|webmanifest)$/;

/** esbuild's options for the demo page, from the root of the checkout. */
export async function webBundle(outdir: string): Promise<BuildOptions> {
  const assets = (await readdir(SOURCE)).filter((name) => ASSETS.test(name));
  return {
    entryPoints: [join(SOURCE, "main.ts"), ...assets.map((name) => join(SOURCE, name))],
    outdir,
    outbase: SOURCE,
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
