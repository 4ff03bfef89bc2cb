import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { FOLDERS, ROOT, type PackageName } from "./entry-points.js";

const runFile = promisify(execFile);

export interface Tarball {
  /** Absolute path of the .tgz. */
  path: string;
  /** Paths inside the package. */
  files: string[];
}

/**
 * Packs what is built already, because `npm test` builds before the tests run. So it leaves out `prepack`, which would
 * build for each package again.
 */
export async function pack(name: PackageName, folder: string): Promise<Tarball> {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const answer = JSON.parse(await npm(join(ROOT, FOLDERS[name]), args)) as PackAnswer;
  // npm 11.19 and later answers with an object by name, earlier versions with a list.
  const [packed] = Object.values(answer);
  if (!packed) throw new Error(`npm pack made no tarball of ${name}`);
  return { path: join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
}

type PackAnswer = Record<string, { filename: string; files: { path: string }[] }>;

/** @returns what npm writes to its standard output */
async function npm(folder: string, args: readonly string[]): Promise<string> {
  const { stdout } = await runFile("npm", args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

/** Installs tarballs together into an empty folder. npm takes the other packages from its cache where it has them. */
export async function install(folder: string, tarballs: readonly Tarball[]): Promise<void> {
  // Without peers: a backend brings its own fastify and mediasoup.
  const options = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps"];
  await npm(folder, ["install", ...options, ...tarballs.map(({ path }) => path)]);
}

/** Runs the text of a CommonJS module in that folder. Returns what it prints. */
export async function runScript(folder: string, text: string): Promise<string> {
  const { stdout } = await runFile(process.execPath, ["--input-type=commonjs", "--eval", text], { cwd: folder });
  return stdout.trim();
}

/** Runs the text of a module in that folder. Returns what it prints. */
export async function runModule(folder: string, text: string): Promise<string> {
  const { stdout } = await runFile(process.execPath, ["--input-type=module", "--eval", text], { cwd: folder });
  return stdout.trim();
}
