import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../support/free-port.js";
import { until } from "../../support/until.js";
import { FOLDERS, manifestOf, PACKAGES, ROOT, type PackageName } from "./entry-points.js";
import { install, pack, runModule, runScript, type Tarball } from "./tarballs.js";

/** npm downloads what its cache does not have. */
const INSTALL_LIMIT_MS = 180_000;

let folder: string;
const tarballs = new Map<PackageName, Tarball>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lastseen-packages-"));
  for (const name of PACKAGES) tarballs.set(name, await pack(name, folder));
}, INSTALL_LIMIT_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

function tarball(name: PackageName): Tarball {
  const found = tarballs.get(name);
  if (!found) throw new Error(`${name} is not packed`);
  return found;
}

async function emptyProject(name: string): Promise<string> {
  const project = join(folder, name);
  await mkdir(project);
  await writeFile(join(project, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
  return project;
}

describe("a tarball", () => {
  test.each(PACKAGES)("of %s has all that its package.json names", (name) => {
    const { exports, bin = {} } = manifestOf(name);
    const named = [...Object.values(exports), bin].flatMap((entry) =>
      typeof entry === "string" ? entry : Object.values(entry),
    );
    const needed = [...named.map((path) => path.replace(/^\.\//, "")), "package.json", "README.md", "LICENSE"];
    expect(tarball(name).files).toEqual(expect.arrayContaining(needed));
  });

  test.each(PACKAGES)("of %s has nothing but built files, documents and settings", (name) => {
    const { files } = tarball(name);
    const expected =
      /^(dist|config|docs)\/|^(LICENSE|README\.md|package\.json|openapi\.json|asyncapi\.yaml|schemas\.json)$/;
    expect(files.filter((path) => !expected.test(path))).toEqual([]);
    expect(files.filter((path) => /\.test\.|(?<!\.d)\.tsx?$/.test(path))).toEqual([]);
    expect(files.filter((path) => !existsSync(join(ROOT, FOLDERS[name], path)))).toEqual([]);
  });

  test("of the service has its settings and documents", () => {
    const needed = ["config/default.json", "dist/main.js", "docs/architecture.md", "docs/sdk.md"];
    expect(tarball("lastseen").files).toEqual(expect.arrayContaining(needed));
  });

  test.each(PACKAGES)("of %s is built before npm packs it", (name) => {
    expect(manifestOf(name).scripts["prepack"]).toMatch(/^npm run -s build( --prefix \.\.\/\.\.)?$/);
  });
});

describe("the client, installed", () => {
  let project: string;

  beforeAll(async () => {
    project = await emptyProject("page");
    await install(project, [tarball("@lastseen/protocol"), tarball("@lastseen/client")]);
  }, INSTALL_LIMIT_MS);

  test("brings nothing of the server", async () => {
    const modules = (await readdir(join(project, "node_modules"))).filter((name) => !name.startsWith("."));
    expect(modules.sort()).toEqual(["@lastseen", "typebox"]);
    expect((await readdir(join(project, "node_modules/@lastseen"))).sort()).toEqual(["client", "protocol"]);
  });

  test("is imported by Node.js", async () => {
    const text = 'import { connect } from "@lastseen/client"; console.log(typeof connect);';
    expect(await runModule(project, text)).toBe("function");
  });

  test("is bundled for a page", async () => {
    const { outputFiles } = await build({
      stdin: { contents: 'export { connect } from "@lastseen/client";', resolveDir: project },
      bundle: true,
      platform: "browser",
      format: "esm",
      write: false,
    });
    expect(outputFiles[0]?.text).toContain("connect");
  });

  test("has types for a strict compiler", async () => {
    await writeFile(
      join(project, "page.ts"),
      'import { connect, type LastseenClient } from "@lastseen/client";\n' +
        'export const client: LastseenClient = connect({ url: "https://calls.example" });\n',
    );
    const options = ["--noEmit", "--strict", "--target", "es2023", "--module", "nodenext", "--types", ""];
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const args = [compiler, ...options, "--lib", "es2023,dom", "page.ts"];
    expect((await promisify(execFile)(process.execPath, args, { cwd: project })).stdout).toBe("");
  });

  test("the protocol is imported by itself", async () => {
    const text = 'import * as codes from "@lastseen/protocol/close-codes"; console.log(Object.keys(codes).length > 0);';
    expect(await runModule(project, text)).toBe("true");
  });
});

test(
  "the agent, installed beside mediasoup, is imported by ESM and by CommonJS, and brings nothing of the service",
  async () => {
    const project = await emptyProject("media-server");
    await install(project, [tarball("@lastseen/protocol"), tarball("@lastseen/agent")]);
    await symlink(join(ROOT, "node_modules/mediasoup"), join(project, "node_modules/mediasoup"));
    const text = 'import { watchMediasoup } from "@lastseen/agent"; console.log(typeof watchMediasoup);';
    expect(await runModule(project, text)).toBe("function");
    expect(await runScript(project, 'console.log(typeof require("@lastseen/agent").watchMediasoup);')).toBe("function");
    const modules = (await readdir(join(project, "node_modules"))).filter((name) => !name.startsWith("."));
    expect(modules.sort()).toEqual(["@lastseen", "mediasoup", "typebox", "ws"]);
  },
  INSTALL_LIMIT_MS,
);

test(
  "the backends' package, installed, is imported by ESM and by CommonJS, and brings nothing of the service",
  async () => {
    const project = await emptyProject("own-backend");
    await install(project, [tarball("@lastseen/protocol"), tarball("@lastseen/server")]);
    const use = `
      signToken({ secret: "x".repeat(64), userId: "ada" }).then((token) => {
        const api = new LastseenApi({ url: "https://lastseen.example" });
        console.log(token.split(".").length, typeof api.rooms.get, typeof verifyWebhook);
      });`;
    const names = "{ LastseenApi, signToken, verifyWebhook }";
    expect(await runModule(project, `import ${names} from "@lastseen/server";${use}`)).toBe("3 function function");
    expect(await runScript(project, `const ${names} = require("@lastseen/server");${use}`)).toBe("3 function function");
    const modules = (await readdir(join(project, "node_modules"))).filter((name) => !name.startsWith("."));
    const brought = ["@lastseen", "@stablelib", "fast-sha256", "jose", "standardwebhooks", "typebox"];
    expect(modules.sort()).toEqual(brought);
  },
  INSTALL_LIMIT_MS,
);

describe("the service, installed", () => {
  let project: string;

  beforeAll(async () => {
    project = await emptyProject("backend");
    await install(project, [tarball("@lastseen/protocol"), tarball("@lastseen/client"), tarball("lastseen")]);
    // What a backend brings.
    for (const name of ["fastify", "mediasoup", "express", "socket.io"])
      await symlink(join(ROOT, "node_modules", name), join(project, "node_modules", name));
  }, INSTALL_LIMIT_MS);

  test("is imported as a plugin", async () => {
    const text = 'import { lastseen } from "lastseen/fastify"; console.log(typeof lastseen);';
    expect(await runModule(project, text)).toBe("function");
  });

  const BACKEND = `
    const app = express();
    app.get("/own", (_request, response) => response.send("own"));
    const server = createServer(app);
    attachLastseen(server, { prefix: "/presence", environment: "test", logger: false }).then((lastseen) => {
      lastseenSocketIo(new Server(server), { lastseen });
      server.listen(0, "127.0.0.1", async () => {
        const at = "http://127.0.0.1:" + server.address().port;
        const own = await (await fetch(at + "/own")).text();
        const { status } = await (await fetch(at + "/presence/api/health")).json();
        server.close(() => console.log(own, status));
        server.closeIdleConnections();
      });
    });`;

  test("is attached to an Express application that uses ESM", async () => {
    const imports = `
      import { createServer } from "node:http";
      import express from "express";
      import { Server } from "socket.io";
      import { attachLastseen } from "lastseen/node";
      import { lastseenSocketIo } from "lastseen/socket.io";`;
    expect(await runModule(project, imports + BACKEND)).toBe("own OK");
  });

  test("is attached to an Express application that uses CommonJS", async () => {
    const imports = `
      const { createServer } = require("node:http");
      const express = require("express");
      const { Server } = require("socket.io");
      const { attachLastseen } = require("lastseen/node");
      const { lastseenSocketIo } = require("lastseen/socket.io");
      require("lastseen/fastify");`;
    expect(await runScript(project, imports + BACKEND)).toBe("own OK");
  });

  test("starts as the program `lastseen` and stops on SIGTERM", async () => {
    const port = await freePort();
    const child = spawn(join(project, "node_modules/.bin/lastseen"), [], {
      cwd: project,
      stdio: "ignore",
      env: { ...process.env, LASTSEEN_ENV: "test", PORT: String(port), WEB_PORT: "0", SFU_WORKERS: "0" },
    });
    try {
      await until(() =>
        fetch(`http://127.0.0.1:${port}/health/live`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
    } finally {
      child.kill("SIGTERM");
    }
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(0);
  });
});
