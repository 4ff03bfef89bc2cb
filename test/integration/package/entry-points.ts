import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { importsOf } from "../../../scripts/boundaries/imports-of.js";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** The packages of this repository and their folders, in the order in which they need each other. */
export const FOLDERS = {
  "@lastseen/protocol": "packages/protocol",
  "@lastseen/client": "packages/client",
  "@lastseen/react": "packages/react",
  "@lastseen/server": "packages/server",
  "@lastseen/agent": "packages/agent",
  "@lastseen/conformance": "packages/conformance",
  lastseen: ".",
} as const;

export type PackageName = keyof typeof FOLDERS;
export const PACKAGES = Object.keys(FOLDERS) as PackageName[];

export interface Manifest {
  /** A document is exported by its path alone. */
  exports: Record<string, { types: string; default: string } | string>;
  bin?: Record<string, string>;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

export function manifestOf(name: PackageName): Manifest {
  return JSON.parse(readFileSync(join(ROOT, FOLDERS[name], "package.json"), "utf8")) as Manifest;
}

export interface EntryPoint {
  package: PackageName;
  /** What an import names, such as `@lastseen/client/media`. */
  specifier: string;
  /** Absolute paths of the built files. */
  types: string;
  default: string;
}

/** All entry points of all packages. */
export const ENTRY_POINTS: readonly EntryPoint[] = PACKAGES.flatMap((name) =>
  Object.entries(manifestOf(name).exports).flatMap(([path, files]) => {
    if (typeof files === "string") return [];
    const [types, code] = [files.types, files.default].map((file) => join(ROOT, FOLDERS[name], file));
    return { package: name, specifier: path.replace(/^\./, name), types: types ?? "", default: code ?? "" };
  }),
);

const BUILT_IN = new Set(builtinModules);

/**
 * The packages that a built file imports, directly or through the files that it imports.
 *
 * @param ending of the files to follow: `.js`, or `.d.ts` for the types
 */
export function packagesBehind(file: string, ending: ".js" | ".d.ts"): string[] {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const follow = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const specifier of importsOf(path, readFileSync(path, "utf8"))) {
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
