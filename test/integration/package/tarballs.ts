import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const runFile = promisify(execFile);

export interface Tarball {
  /** Absolute path of the .tgz. */
  path: string;
  /** Paths inside the package. */
  files: string[];
}

export type PackageName = "@lastseen/protocol" | "@lastseen/client" | "lastseen";

/** Packs what `npm run build` has built: the tests run after it. */
export async function pack(name: PackageName, folder: string): Promise<Tarball> {
  const which = name === "lastseen" ? [] : ["--workspace", name];
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder, ...which];
  const answer = JSON.parse(await npm(ROOT, args)) as PackAnswer;
  // npm 11.19 and later answers with an object by name, earlier versions with a list.
  const [packed] = Object.values(answer);
  if (!packed) throw new Error(`npm pack made no tarball of ${name}`);
  return { path: join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
}

type PackAnswer = Record<string, { filename: string; files: { path: string }[] }>;

/** @returns what npm writes to its standard output */
export async function npm(folder: string, args: readonly string[]): Promise<string> {
  const { stdout } = await runFile("npm", args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

/** Installs tarballs together into an empty folder. Packages of the registry come from npm's cache where it has them. */
export async function install(folder: string, tarballs: readonly Tarball[]): Promise<void> {
  // Who uses the package brings fastify and mediasoup: npm does not install these peers here.
  const options = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps"];
  await npm(folder, ["install", ...options, ...tarballs.map(({ path }) => path)]);
}

/** Runs Node.js on a module's text in that folder. */
export async function runModule(folder: string, text: string): Promise<string> {
  const { stdout } = await runFile(process.execPath, ["--input-type=module", "--eval", text], { cwd: folder });
  return stdout.trim();
}
