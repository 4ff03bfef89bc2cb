/**
 * Real nginx and HAProxy with the files of `config/`. Only ports, addresses and the certificate's path differ: the nodes listen
 * on this machine, and the proxy on a free port. Each proxy ends with its test.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { findCommand } from "../../../scripts/system-packages.js";
import { isFree } from "../../support/free-port.js";
import { until } from "../../support/until.js";

const CONFIG = fileURLToPath(new URL("../../../config/", import.meta.url));
/** Debian's folder of servers, which is not on everybody's `PATH`. */
const PATH = [process.env["PATH"], "/usr/sbin"].join(delimiter);

/** The names and the number of nodes in the files. */
export const NODES = ["node-1", "node-2", "node-3"] as const;

interface ProxyKind {
  /** Why it cannot run here; undefined when it can. */
  missing: string | undefined;
  /** @param nodePorts the ports of the nodes, in the order of {@link NODES} */
  start: (port: number, nodePorts: readonly number[]) => Promise<Proxy>;
}

export interface Proxy {
  /** The one address of all nodes. */
  readonly url: string;
  /** The certificate to trust. */
  readonly ca: Buffer;
}

/** Each with its name. */
export const PROXIES: readonly [string, ProxyKind][] = [
  ["nginx", { missing: missing("nginx"), start: startNginx }],
  ["HAProxy", { missing: missing("haproxy"), start: startHaproxy }],
];

function missing(program: string): string | undefined {
  const absent = [program, "openssl"].filter((name) => findCommand(name, PATH) === undefined);
  return absent.length === 0 ? undefined : `there is no ${absent.join(" and no ")}`;
}

async function startNginx(port: number, nodePorts: readonly number[]): Promise<Proxy> {
  const folder = temporaryFolder();
  const ca = await makeCertificate(folder);
  const tls = "/etc/nginx/tls/calls.example";
  writeWith(join(CONFIG, "nginx/node-paths.conf"), join(folder, "node-paths.conf"), [
    ...nodes(nodePorts),
    ["listen 443 ssl", `listen 127.0.0.1:${port} ssl`],
    [`${tls}.crt`, join(folder, "crt")],
    [`${tls}.key`, join(folder, "key")],
  ]);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  // What the distribution's own nginx.conf has around the files of conf.d.
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; worker_processes 2; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  ${paths.map((name) => `${name}_temp_path ${join(folder, name)};`).join(" ")}
  include ${join(folder, "node-paths.conf")};
}`,
  );
  const program = findCommand("nginx", PATH) ?? "nginx";
  await run(program, ["-c", join(folder, "nginx.conf"), "-p", folder, "-e", "stderr"], port);
  return { url: `https://127.0.0.1:${port}`, ca };
}

async function startHaproxy(port: number, nodePorts: readonly number[]): Promise<Proxy> {
  const folder = temporaryFolder();
  const ca = await makeCertificate(folder);
  const file = join(folder, "node-paths.cfg");
  writeWith(join(CONFIG, "haproxy/node-paths.cfg"), file, [
    ...nodes(nodePorts),
    ["bind :443 ", `bind 127.0.0.1:${port} `],
    ["/etc/haproxy/tls/calls.example.pem", join(folder, "pem")],
  ]);
  await run(findCommand("haproxy", PATH) ?? "haproxy", ["-f", file, "-db", "-q"], port);
  return { url: `https://127.0.0.1:${port}`, ca };
}

function nodes(ports: readonly number[]): [string, string][] {
  return NODES.map((name, index) => [`${name}:3001`, `127.0.0.1:${ports[index] ?? 1}`]);
}

/** Copies a file with replacements. @throws Error when the file has nothing of what is to be replaced */
function writeWith(from: string, to: string, replacements: readonly (readonly [string, string])[]): void {
  let text = readFileSync(from, "utf8");
  for (const [old, replacement] of replacements) {
    if (!text.includes(old)) throw new Error(`${from} has no "${old}"`);
    text = text.replaceAll(old, replacement);
  }
  writeFileSync(to, text);
}

/** Writes `crt`, `key`, and `pem` with both. @returns the certificate */
async function makeCertificate(folder: string): Promise<Buffer> {
  const [crt, key] = [join(folder, "crt"), join(folder, "key")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=calls.example", "-addext", "subjectAltName=DNS:calls.example,IP:127.0.0.1"];
  await promisify(execFile)("openssl", ["req", "-x509", ...kind, ...names, "-keyout", key, "-out", crt]);
  writeFileSync(join(folder, "pem"), Buffer.concat([readFileSync(crt), readFileSync(key)]));
  return readFileSync(crt);
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "lastseen-proxy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "logs"));
  return folder;
}

/** Starts a program and waits until it listens. */
async function run(program: string, args: readonly string[], port: number): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  onTestFinished(() => stop(child));
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${said}`);
    return !(await isFree(port));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}
