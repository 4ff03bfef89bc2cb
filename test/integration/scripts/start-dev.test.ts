import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, type TestContext } from "vitest";
import { findCommand } from "../../../scripts/system-packages.js";
import { checkout, NO_POWERSHELL, powershell, powershellFile, run, type Ended } from "./run-script.js";

/**
 * Runs start-dev with a `docker` that only writes down its arguments. It says that the containers run already, so that
 * start-dev does not look at the ports of this machine.
 */

interface Options {
  monitoring?: boolean;
  down?: boolean;
  announcedIp?: string;
}

const forms = [
  {
    script: "start-dev.sh",
    available: true,
    start: (options: Options, env: NodeJS.ProcessEnv): Promise<Ended> =>
      run(
        findCommand("bash") ?? "bash",
        [
          `${checkout}start-dev.sh`,
          ...(options.monitoring ? ["--monitoring"] : []),
          ...(options.down ? ["--down"] : []),
          ...(options.announcedIp ? ["--announced-ip", options.announcedIp] : []),
        ],
        env,
      ),
  },
  {
    script: "start-dev.ps1",
    available: powershell !== undefined,
    start: (options: Options, env: NodeJS.ProcessEnv): Promise<Ended> =>
      run(
        powershell ?? "",
        [
          ...powershellFile("start-dev.ps1"),
          ...(options.monitoring ? ["-Monitoring"] : []),
          ...(options.down ? ["-Down"] : []),
          ...(options.announcedIp ? ["-AnnouncedIp", options.announcedIp] : []),
        ],
        env,
      ),
  },
];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lastseen-start-dev-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An environment with such a `docker` first in `PATH`. `fails` names the subcommand that ends with 1. */
function dockerThat({ runs = true, fails = "" }: { runs?: boolean; fails?: string } = {}): NodeJS.ProcessEnv {
  const docker = join(folder, "docker");
  writeFileSync(
    docker,
    `#!/bin/sh
echo "\${SFU_ANNOUNCED_IP:-none} $*" >>'${join(folder, "asked")}'
case "$*" in
  *" ps "*) ${runs ? "echo 0123456789ab" : ":"} ;;
  ${fails || "never"}*) echo "cannot" >&2; exit 1 ;;
esac
`,
  );
  chmodSync(docker, 0o755);
  return { ...process.env, PATH: `${folder}:${process.env["PATH"]}`, SFU_ANNOUNCED_IP: "" };
}

/** The arguments of each call of docker, without the calls that only ask for its state. */
function asked(): string[] {
  const lines = readFileSync(join(folder, "asked"), "utf8").trim().split("\n");
  return lines.filter((line) => !/ (info|compose version|compose .*ps .*)$/.test(line));
}

test.for(forms)("$script starts the service and says where it is", async ({ available, start }, { skip }) => {
  skip(!available, NO_POWERSHELL);
  const { code, stdout } = await start({}, dockerThat());
  expect(code).toBe(0);
  expect(asked()).toEqual(["none compose build", "none compose up --detach --wait"]);
  expect(stdout).toContain("http://localhost:3002");
  expect(stdout).not.toContain("http://localhost:9090");
});

test.for(forms)("$script passes monitoring and the announced address on", async ({ available, start }, { skip }) => {
  skip(!available, NO_POWERSHELL);
  const { code, stdout } = await start({ monitoring: true, announcedIp: "192.0.2.7" }, dockerThat());
  expect(code).toBe(0);
  expect(asked()).toEqual(["192.0.2.7 compose build", "192.0.2.7 compose --profile monitoring up --detach --wait"]);
  expect(stdout).toContain("http://localhost:9090");
});

test.for(forms)("$script stops the containers of all profiles", async ({ available, start }, { skip }) => {
  skip(!available, NO_POWERSHELL);
  expect((await start({ down: true }, dockerThat())).code).toBe(0);
  expect(asked()).toEqual(["none compose --profile monitoring --profile nodes down"]);
});

test.for(forms)(
  "$script tells a failed build from a service that does not become healthy",
  async ({ available, start }, { skip }) => {
    skip(!available, NO_POWERSHELL);
    const { code, stderr } = await start({}, dockerThat({ fails: "compose\\ up" }));
    expect(code).toBe(1);
    expect(asked().at(-1)).toBe("none compose logs --tail 30 lastseen");
    expect(stderr).toContain("did not become healthy");

    const unbuilt = await start({}, dockerThat({ fails: "compose\\ build" }));
    expect(unbuilt.code).toBe(1);
    expect(unbuilt.stderr).toContain("build of the image failed");
  },
);

test.for(forms)("$script says which part of Docker is missing", async ({ available, start }, { skip }) => {
  skip(!available, NO_POWERSHELL);
  const engine = await start({}, dockerThat({ fails: "info" }));
  expect(engine.code).toBe(1);
  expect(engine.stderr).toContain("engine does not answer");

  const compose = await start({}, dockerThat({ fails: "compose\\ version" }));
  expect(compose.code).toBe(1);
  expect(compose.stderr).toContain("no Compose v2");

  rmSync(join(folder, "docker"));
  // Only the commands that the scripts need. A PowerShell that was installed as a .NET tool starts `dotnet`.
  for (const name of ["dirname", "dotnet"]) {
    const command = findCommand(name);
    if (command) symlinkSync(command, join(folder, name));
  }
  const docker = await start({}, { ...process.env, PATH: folder });
  expect(docker.code).toBe(1);
  expect(docker.stderr).toContain("Docker is not installed");
});

test.for(forms)(
  "$script does not start when another program listens on its port",
  async ({ available, start }, context) => {
    context.skip(!available, NO_POWERSHELL);
    const release = await occupy(3002, context);
    const { code, stderr } = await start({}, dockerThat({ runs: false }));
    await release();
    expect(code).toBe(1);
    expect(stderr).toContain("another program listens");
    expect(stderr).toContain("3002");
  },
);

/** Makes sure that a program listens on that port: another one, or this test. Returns how to stop. */
async function occupy(port: number, context: TestContext): Promise<() => Promise<void>> {
  const server = createServer();
  const outcome = await new Promise<string>((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, "127.0.0.1", () => resolve("listening"));
  });
  if (outcome === "EADDRINUSE") return () => Promise.resolve();
  context.skip(outcome !== "listening", `port ${port} cannot be listened on: ${outcome}`);
  return () => new Promise((resolve) => server.close(() => resolve()));
}
