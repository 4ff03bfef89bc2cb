import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "../src/media/workers/worker-binary.js";
import { command, ensureInstalled, findCommand } from "./system-packages.js";

/**
 * The Valkey that the contract tests run against, beside Redis. Debian 12 has it only in its backports. There `npm test` unpacks the
 * program into the cache of this project, outside the checkout, and changes neither the system nor its list of sources.
 */

type Say = (line: string) => void;

const PROGRAM = "valkey-server";
const PACKAGES = ["valkey-server", "valkey-tools"];
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const TIMEOUT_MS = 120_000;

/** Path of the program; undefined when there is none. */
export function findValkey(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return findCommand(PROGRAM) ?? findCommand(PROGRAM, join(cacheFolder(env), "root/usr/bin"));
}

/** @returns why there is no Valkey, or undefined when there is one */
export function provideValkey(say: Say, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (findValkey(env)) return undefined;
  if (codename() !== "bookworm") return ensureInstalled([command(PROGRAM, PROGRAM)], say)?.advice;
  const folder = cacheFolder(env);
  say(`unpacking Valkey from Debian's backports into ${folder}`);
  // What an interrupted attempt left would stop this one.
  rmSync(folder, { recursive: true, force: true });
  try {
    unpackBackport(folder);
  } catch (error) {
    return `Debian's backports did not give Valkey: ${error instanceof Error ? error.message : "unknown error"}`;
  }
  return findValkey(env) ? undefined : `Debian's backports have no ${PROGRAM}`;
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(cacheRoot(env), "valkey");
}

/** The release of Debian, such as `bookworm`. */
function codename(): string | undefined {
  try {
    return /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

/** @throws Error with what the failed command said */
function unpackBackport(folder: string): void {
  mkdirSync(join(folder, "lists/partial"), { recursive: true });
  const targets = run("apt-get", [
    "indextargets",
    "--format",
    "$(REPO_URI)",
    "Created-By: Packages",
    "Codename: bookworm",
  ]);
  const [mirror] = targets.split("\n");
  if (!mirror) throw new Error("the system's list of sources has no Debian 12");
  writeFileSync(join(folder, "sources.list"), `deb [signed-by=${KEYRING}] ${mirror} bookworm-backports main\n`);
  const options = [
    `Dir::Etc::sourcelist=${folder}/sources.list`,
    "Dir::Etc::sourceparts=/dev/null",
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}`,
    // The user `_apt` may not read the cache of a person.
    "APT::Sandbox::User=root",
  ].flatMap((option) => ["-o", option]);
  run("apt-get", [...options, "-qq", "update"]);
  run("apt-get", [...options, "-qq", "download", ...PACKAGES], folder);
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".deb")))
    run("dpkg-deb", ["--extract", file, "root"], folder);
}

function run(program: string, args: readonly string[], cwd = "/"): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8", timeout: TIMEOUT_MS });
  if (status === 0) return stdout;
  throw new Error(error?.message ?? `${stdout}${stderr}`.trim().split("\n").slice(-4).join("\n  "));
}
