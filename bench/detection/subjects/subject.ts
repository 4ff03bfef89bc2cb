/** A system that knows who is there, as the side-by-side run needs it: a server to start and a client to come in with. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Program {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

export interface Subject {
  id: string;
  title: string;
  /** Whether the others can be told that somebody is away who has not left. */
  knowsAway: boolean;
  /** Makes it ready. @returns why it cannot be measured here, or `undefined` */
  prepare(): string | undefined;
  version(): string;
  /** @param port where the server listens, on all addresses */
  server(port: number): Program;
  url(host: string, port: number): string;
  /** Whether it takes clients. */
  isReady(port: number): Promise<boolean>;
}

export const PEERS = fileURLToPath(new URL("../peers/", import.meta.url));

/** The module that comes in as a client of the system, see `peers/clients/types.d.ts`. */
export function clientOf({ id }: Subject): string {
  return `${PEERS}clients/${id}.js`;
}

/** The version of a package that the bench has installed for itself. */
export function peerVersion(name: string): string {
  return (JSON.parse(readFileSync(`${PEERS}node_modules/${name}/package.json`, "utf8")) as { version: string }).version;
}
