/**
 * Raises the versions that the changesets ask for. All packages have one version. changesets knows only the packages
 * in `packages/`, so this script gives their new version to the root package, to the dependencies on each other and to the
 * documents of the API.
 */
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";

interface Manifest {
  version: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const ROOT_MANIFEST = "package.json";
const DOCUMENTS = ["packages/protocol/openapi.json", "packages/protocol/asyncapi.yaml"];

async function read(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(path, "utf8")) as Manifest;
}

/** Gives the root package the version of the packages in `packages/`, also as the version that it depends on. */
export function follow(root: Manifest, version: string): Manifest {
  const withVersion = (dependencies: Record<string, string> = {}): Record<string, string> =>
    Object.fromEntries(
      Object.entries(dependencies).map(([name, range]) => [name, name.startsWith("@lastseen/") ? version : range]),
    );
  return {
    ...root,
    version,
    dependencies: withVersion(root.dependencies),
    devDependencies: withVersion(root.devDependencies),
  };
}

/** The OpenAPI or AsyncAPI document with another version of the service. `info`, which has it, comes first. */
export function raised(document: string, version: string): string {
  return document.replace(/^( *"?version"?: )"?[^"\n,]+"?/m, (_found, name: string) => {
    return name.includes('"') ? `${name}"${version}"` : `${name}${version}`;
  });
}

async function main(): Promise<void> {
  execFileSync("npx", ["--no-install", "changeset", "version"], { stdio: "inherit" });
  const { version } = await read("packages/protocol/package.json");
  const root = follow(await read(ROOT_MANIFEST), version);
  await writeFile(ROOT_MANIFEST, `${JSON.stringify(root, null, 2)}\n`);
  for (const path of DOCUMENTS) await writeFile(path, raised(await readFile(path, "utf8"), version));
  execFileSync("npm", ["install", "--package-lock-only", "--ignore-scripts"], { stdio: "inherit" });
}

if (import.meta.filename === process.argv[1]) await main();
