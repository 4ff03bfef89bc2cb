import { dirname, join } from "node:path/posix";
import { findCycles } from "./cycles.js";
import type { AllowList, Boundaries } from "./allow-list.js";
import type { Import, ImportGraph, SourceModule } from "./import-graph.js";

/** @returns one line for each import that is not allowed, each cycle, each mistake in the list and each gap in what was read */
export function findProblems(graph: ImportGraph, { allowed, shared }: Boundaries): string[] {
  return [
    ...findGaps(graph),
    ...findSharedLibraries(allowed, shared),
    ...findFolderCycles(allowed),
    ...graph.flatMap((module) => findForbiddenImports(module, allowed)),
    ...findFileCycles(graph),
  ];
}

/** A check that reads nothing finds nothing. */
function findGaps(graph: ImportGraph): string[] {
  const imports = graph.reduce((sum, module) => sum + module.imports.length, 0);
  if (graph.length === 0) return ["no source file was found"];
  // A file of this project has about four imports. Fewer than one: the parser does not see them.
  return imports < graph.length ? [`only ${imports} imports were found in ${graph.length} files`] : [];
}

function findSharedLibraries(allowed: AllowList, shared: Boundaries["shared"]): string[] {
  const users = new Map<string, string[]>();
  for (const [owner, entries] of Object.entries(allowed)) {
    for (const library of new Set(entries.filter(isLibrary).map(packageOf)))
      users.set(library, [...(users.get(library) ?? []), owner]);
  }
  return [...users]
    .filter(([library, owners]) => owners.length > 1 && !Object.hasOwn(shared, library))
    .map(([library, owners]) => `allow-list: ${library} has one folder, not ${owners.join(" and ")}`);
}

/** Folders form an order, so that a reader can start at one end. */
function findFolderCycles(allowed: AllowList): string[] {
  const edges = Object.entries(allowed).map(([owner, entries]) => [owner, entries.map(folderOf)] as const);
  return findCycles(new Map(edges)).map((cycle) => `allow-list: cycle ${cycle}`);
}

function findFileCycles(graph: ImportGraph): string[] {
  const edges = graph.map(({ path, imports }) => [path, imports.flatMap(({ file }) => file ?? [])] as const);
  return findCycles(new Map(edges)).map((cycle) => `cycle: ${cycle}`);
}

function findForbiddenImports({ path, imports }: SourceModule, allowed: AllowList): string[] {
  const owner = ownerOf(path, allowed);
  if (owner === undefined) return [`${path}: its folder is not in the allow-list`];
  const entries = allowed[owner] ?? [];
  const problemOf = ({ specifier, file }: Import): string | undefined => {
    if (!specifier.startsWith(".")) {
      if (entries.some((entry) => covers(entry, specifier))) return undefined;
      return `${path} imports ${specifier}: ${mayImport(owner, entries)}`;
    }
    if (file === undefined) return `${path} imports ${specifier}: no such file (${join(dirname(path), specifier)})`;
    const target = ownerOf(file, allowed);
    if (target === owner || (target !== undefined && entries.includes(target))) return undefined;
    return `${path} imports ${file}: ${mayImport(owner, entries)}`;
  };
  return imports.map(problemOf).filter((problem) => problem !== undefined);
}

function ownerOf(path: string, allowed: AllowList): string | undefined {
  return Object.keys(allowed)
    .filter((key) => path === key || path.startsWith(`${key}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function covers(entry: string, specifier: string): boolean {
  if (entry === "node:*") return specifier.startsWith("node:");
  return specifier === entry || specifier.startsWith(`${entry}/`);
}

function mayImport(owner: string, entries: readonly string[]): string {
  return `${owner} may import ${entries.length > 0 ? entries.join(", ") : "nothing"}`;
}

/** The key of the list that an entry names: `@lastseen/client` is the folder `packages/client`. */
function folderOf(entry: string): string {
  return entry.replace(/^@lastseen\//, "packages/");
}

function isLibrary(entry: string): boolean {
  return !/^(src|packages|@lastseen)\/|^node:/.test(entry);
}

function packageOf(library: string): string {
  return library
    .split("/")
    .slice(0, library.startsWith("@") ? 2 : 1)
    .join("/");
}
