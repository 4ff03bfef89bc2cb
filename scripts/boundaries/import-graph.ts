import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { dirname, join as joinUrl } from "node:path/posix";
import { importsOf } from "./imports-of.js";

/** The imports in the sources. */
export type ImportGraph = readonly SourceModule[];

export interface SourceModule {
  /** From the root of the project, with `/`. */
  path: string;
  imports: Import[];
}

export interface Import {
  /** As it is written in the file. */
  specifier: string;
  /** The file of ours that a relative import leads to, or undefined where there is no such file. */
  file: string | undefined;
}

/** A source file of ours: what is built, in `dist/`, is none. */
const SOURCE = /^(src|packages\/[^/]+\/src)\/.*\.tsx?$/;

/**
 * Reads all imports below `root`, those of types as well.
 *
 * @throws Error when a file cannot be parsed
 */
export async function readImportGraph(root: string): Promise<ImportGraph> {
  const paths = await findSources(root);
  const files = new Set(paths);
  const modules = paths.sort().map(async (path) => {
    const specifiers = importsOf(path, await readFile(join(root, path), "utf8"));
    return { path, imports: specifiers.map((specifier) => ({ specifier, file: resolve(path, specifier, files) })) };
  });
  return Promise.all(modules);
}

async function findSources(root: string): Promise<string[]> {
  const below = async (folder: string): Promise<string[]> => {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  };
  const paths = [...(await below("src")), ...(await below("packages"))];
  return paths.map((path) => relative(root, path).replaceAll(sep, "/")).filter((path) => SOURCE.test(path));
}

/** TypeScript's rule: `./x.js` is `./x.ts` or `./x.tsx`. */
function resolve(importer: string, specifier: string, files: ReadonlySet<string>): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const path = joinUrl(dirname(importer), specifier);
  return [path, path.replace(/\.js$/, ".ts"), path.replace(/\.js$/, ".tsx")].find((candidate) => files.has(candidate));
}
