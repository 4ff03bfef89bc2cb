import { readFileSync } from "node:fs";
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { beforeAll, expect, test } from "vitest";
import { loadConfig, type Config } from "../../../src/config/load.js";
import { checkout, run } from "./run-script.js";

/** The addresses that compose.yaml gives to browsers lead to ports that it opens. Compose itself reads the file, without an engine. */

const Service = Type.Object({
  image: Type.String(),
  environment: Type.Optional(Type.Record(Type.String(), Type.String())),
  ports: Type.Optional(
    Type.Array(
      Type.Object({
        host_ip: Type.Optional(Type.String()),
        target: Type.Number(),
        published: Type.String(),
        protocol: Type.String(),
      }),
    ),
  ),
});
const Project = Type.Object({ services: Type.Record(Type.String(), Service) });

const noCompose = (await run("docker", ["compose", "version"]).catch(() => undefined))?.code !== 0;
const NO_COMPOSE = "there is no Docker Compose here to read compose.yaml with";

let services: [name: string, service: Static<typeof Service>, config: Config][];
let opened: string[];

beforeAll(async () => {
  if (noCompose) return;
  const profiles = ["--profile", "nodes", "--profile", "monitoring"];
  // Without the settings of the person who runs the tests.
  const { PATH, HOME } = process.env;
  const args = ["compose", ...profiles, "config", "--format", "json"];
  const { code, stdout, stderr } = await run("docker", args, { PATH, HOME });
  expect(code, stderr).toBe(0);
  const all = Object.entries(Value.Parse(Project, JSON.parse(stdout)).services);
  services = all
    .filter(([, { image }]) => image === "lastseen:dev")
    .map(([name, service]) => [name, service, loadConfig(service.environment ?? {}, `${checkout}config`)]);
  opened = all.flatMap(([name, { ports = [] }]) =>
    ports.map(
      ({ host_ip = "0.0.0.0", published, target, protocol }) =>
        `${host_ip}:${published} -> ${name}:${target}/${protocol}`,
    ),
  );
});

/** Host and port of an address that leads to this machine. */
const hostOf = (url: string): string => new URL(url).host.replace("localhost", "127.0.0.1");

test("the addresses of every node in compose.yaml lead to its API and its media", ({ skip }) => {
  skip(noCompose, NO_COMPOSE);
  expect(services.map(([name]) => name)).toEqual(["lastseen", "node-a", "node-b"]);
  for (const [name, , config] of services) {
    const api = config.PUBLIC_URL === undefined ? `127.0.0.1:${config.PORT}` : hostOf(config.PUBLIC_URL);
    expect(opened).toContain(`${api} -> ${name}:${config.PORT}/tcp`);
    for (let worker = 0; worker < config.SFU_WORKERS; worker++) {
      const port = config.SFU_PORT + worker;
      for (const protocol of ["udp", "tcp"])
        expect(opened).toContain(`${config.SFU_ANNOUNCED_IP}:${port} -> ${name}:${port}/${protocol}`);
    }
  }
});

test("only this machine reaches a service without authentication", ({ skip }) => {
  skip(noCompose, NO_COMPOSE);
  expect(services.map(([, , config]) => config.AUTH_MODE)).toEqual(["none", "none", "none"]);
  expect(opened.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
});

test("the balancer serves all nodes and their page at the addresses that the nodes name", ({ skip }) => {
  skip(noCompose, NO_COMPOSE);
  const nginx = readFileSync(`${checkout}config/nginx/balancer.conf`, "utf8");
  const upstream = (name: string): string[] => {
    const block = new RegExp(`upstream ${name} {([^}]*)}`).exec(nginx)?.[1] ?? "";
    return [...block.matchAll(/server ([\w-]+:\d+)/g)].map(([, server = ""]) => server);
  };
  const nodes = services.filter(([, , config]) => config.REDIS_URL !== undefined);
  expect(upstream("service")).toEqual(nodes.map(([name, , config]) => `${name}:${config.PORT}`));
  expect(upstream("page")).toEqual(nodes.map(([name, , config]) => `${name}:${config.WEB_PORT}`));

  const listens = [...nginx.matchAll(/listen (\d+);/g)].map(([, port = ""]) => port);
  for (const [, , { SERVICE_URL = "", ORIGINS }] of nodes)
    for (const host of [hostOf(SERVICE_URL), ...ORIGINS.map(hostOf)]) {
      expect(listens).toContain(host.split(":")[1]);
      expect(opened).toContain(`${host} -> balancer:${host.split(":")[1]}/tcp`);
    }
});
