import { spawnSync } from "node:child_process";
import { chromiumProblem, findChromium } from "./chromium.js";
import { findFirefox, firefoxProblem } from "./firefox.js";
import { provideWorker } from "./provide-worker.js";
import { findPowershell, providePowershell } from "./powershell.js";
import { command, ensureInstalled, findCommand, namesOf, type SystemNeed } from "./system-packages.js";
import { findValkey, provideValkey } from "./valkey.js";
import { findWebkit, webkitVersion } from "./webkit.js";

/**
 * First step of `npm test`: the real parts that the tests run against are there, or it is said which are not and what to
 * do about it. Never fails: tests of a part that is missing skip and name it.
 */

const say = (line: string): void => console.log(`test environment: ${line}`);
const ready: string[] = [];
const wanting: string[] = [];

const provided = await provideWorker((line) => say(`worker: ${line}`));
if (provided.kind === "ready") ready.push("mediasoup worker");
else wanting.push(`no mediasoup worker: ${provided.reason}`);

const needs: SystemNeed[] = [
  { name: "chromium", packages: ["chromium"], present: () => findChromium() !== undefined },
  { name: "firefox", packages: ["firefox-esr"], present: () => findFirefox() !== undefined },
  { name: "WebKitGTK", packages: ["webkit2gtk-driver", "xvfb"], present: () => findWebkit() !== undefined },
  command("redis-server", "redis-server"),
  command("ip", "iproute2"),
  command("prometheus", "prometheus"),
  command("promtool", "prometheus"),
  command("nginx", "nginx"),
  command("haproxy", "haproxy"),
  command("pulseaudio", "pulseaudio"),
  command("pactl", "pulseaudio-utils"),
];
const before = needs.filter((need) => need.present());
const shortfall = ensureInstalled(needs, say);
if (shortfall) wanting.push(`no ${namesOf(shortfall.missing)}: ${shortfall.advice}`);
for (const daemon of ["redis-server", "prometheus", "nginx", "haproxy"]) {
  const need = needs.find(({ name }) => name === daemon);
  if (!need?.present() || before.includes(need)) continue;
  say(
    `the package of ${daemon} may have started it as a service too; the tests start their own on a free port. ` +
      `Where it is not wanted: systemctl disable --now ${daemon}`,
  );
}

const noPowershell = providePowershell(say);
if (noPowershell) wanting.push(`no PowerShell: ${noPowershell}`);
const powershell = findPowershell();
if (powershell) ready.push(powershell.endsWith(".exe") ? "Windows PowerShell" : versionOf(powershell));

const noValkey = provideValkey(say);
if (noValkey) wanting.push(`no Valkey: ${noValkey}`);
const valkey = findValkey();
if (valkey) ready.push(versionOf(valkey));

for (const [variable, path, problemOf] of [
  ["CHROMIUM_BIN", findChromium(), chromiumProblem],
  ["FIREFOX_BIN", findFirefox(), firefoxProblem],
] as const) {
  const problem = path && problemOf(path);
  if (problem) {
    const hint = `\n  A snap does not start everywhere: install one that is none and name it in ${variable}`;
    wanting.push(`${path} does not start: ${problem}${/snap/i.test(problem) ? hint : ""}`);
  } else if (path) ready.push(versionOf(path));
}
if (findWebkit()) ready.push(webkitVersion());
for (const name of ["redis-server", "prometheus", "promtool"]) {
  const path = findCommand(name);
  if (path) ready.push(versionOf(path));
}

say(ready.length > 0 ? ready.join(", ") : "nothing is there");
for (const line of wanting) console.warn(`test environment: ${line}`);
if (wanting.length > 0) console.warn("test environment: tests that need these are skipped");
process.exit(0);

/** For example `redis-server 7.0.15`. */
function versionOf(path: string): string {
  const { stdout, stderr } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 10_000 });
  const name = path.split("/").at(-1);
  const version = /\d+(?:\.\d+)+/.exec(`${stdout}${stderr}`)?.[0];
  return version ? `${name} ${version}` : `${name}`;
}
