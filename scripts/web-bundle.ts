import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { BuildOptions } from "esbuild";

const SOURCE = "src/web";
/** What a page is made of besides its script: copied as it is, or bundled, by its extension. */
const ASSETS = /\.(html|css|svg|png|webmanifest)$/;

/** esbuild's options for the demo page in `web/` and the operator page in `ops/`, from the root of the checkout. */
export async function webBundle(outdir: string): Promise<BuildOptions> {
  return {
    entryPoints: [...(await entriesOf(SOURCE, "web")), ...(await entriesOf(join(SOURCE, "ops"), "ops"))],
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
  const assets = (await readdir(folder)).filter((name) => ASSETS.test(name));
  return ["main.ts", ...assets].map((name) => ({
    in: join(folder, name),
    out: `${page}/${name.slice(0, name.lastIndexOf("."))}`,
  }));
}
