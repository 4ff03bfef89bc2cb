import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

interface Manifest {
  exports: Record<string, { types: string; default: string }>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

export const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;

/** The built files of an entry point, such as `./client`. */
export function entryPoint(name: string): { types: string; default: string } {
  const files = manifest.exports[name];
  if (!files) throw new Error(`package.json exports no ${name}`);
  return { types: join(ROOT, files.types), default: join(ROOT, files.default) };
}

const SPECIFIER = /\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g;
/** Documentation shows imports, too. */
const COMMENT = /\/\*[\s\S]*?\*\//g;
const BUILT_IN = new Set(builtinModules);

/**
 * The packages that a built file leads to, by itself or through the files that it names.
 *
 * @param ending of the files to follow: `.js`, or `.d.ts` for the types
 */
export function packagesBehind(file: string, ending: ".js" | ".d.ts"): string[] {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const follow = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const code = readFileSync(path, "utf8").replaceAll(COMMENT, "");
    for (const [, specifier = ""] of code.matchAll(SPECIFIER)) {
      if (specifier.startsWith(".")) follow(join(dirname(path), specifier.replace(/\.js$/, ending)));
      else if (!specifier.startsWith("node:") && !BUILT_IN.has(specifier)) packages.add(packageOf(specifier));
    }
  };
  follow(file);
  return [...packages].sort();
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
