/**
 * Publishes the packages whose version the registry does not have yet: first those in `packages/`, then the service, which
 * depends on them. It may run again after a failure. The workflow runs it on each push to main without open changesets.
 */
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";

/** @throws when the registry cannot be asked; a version that the registry does not know is no error */
function isPublished(name: string, version: string): boolean {
  try {
    execFileSync("npm", ["view", `${name}@${version}`, "version"], { encoding: "utf8", stdio: "pipe" });
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("E404")) return false;
    throw error;
  }
}

execFileSync("npx", ["--no-install", "changeset", "publish"], { stdio: "inherit" });
const { name, version } = JSON.parse(await readFile("package.json", "utf8")) as { name: string; version: string };
if (isPublished(name, version)) console.log(`${name} ${version} is published already`);
else execFileSync("npm", ["publish"], { stdio: "inherit" });
