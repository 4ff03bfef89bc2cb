/** @lastseen/react in real browsers against the real service, in StrictMode, which mounts everything twice. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, onTestFinished, test } from "vitest";
import { createWebServer } from "../../src/http/web-server.js";
import { freePort } from "../support/free-port.js";
import { startService } from "../support/service.js";
import { until } from "../support/until.js";
import { noStageReason } from "./browsers.js";
import { inFirefox, noFirefoxReason } from "./firefox.js";
import { chromiumGuest, firefoxGuest, type Guest } from "./react-guest.js";
import { onStage } from "./stage.js";

const ROOT = join(import.meta.dirname, "../..");
const packages = (path: string) => join(ROOT, "packages", path);

/** A worker that joins a room and tells how many people are there. */
const WORKER = `
import { connect } from "@lastseen/client";
import { headlessEnvironment } from "@lastseen/client/headless";
addEventListener("message", async ({ data: url }) => {
  const client = connect({ url, user: { id: "worker" }, environment: headlessEnvironment() });
  postMessage((await client.join("daily")).room.participants.length);
});`;

/** A page with React in development mode, and a worker. */
async function bundle(folder: string): Promise<void> {
  const options = {
    bundle: true,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"development"' },
    alias: {
      "@lastseen/react": packages("react/src/index.ts"),
      "@lastseen/client/media": packages("client/src/media/index.ts"),
      "@lastseen/client/devices": packages("client/src/devices/index.ts"),
      "@lastseen/client/headless": packages("client/src/headless/index.ts"),
      "@lastseen/client": packages("client/src/index.ts"),
    },
    logLevel: "error",
  } as const;
  const page = join(ROOT, "test/react/page.tsx");
  await build({ ...options, entryPoints: [page], outfile: join(folder, "page.js") });
  await build({
    ...options,
    stdin: { contents: WORKER, resolveDir: ROOT },
    outfile: join(folder, "worker.js"),
  });
  const script = '<script type="module" src="page.js"></script>';
  await writeFile(join(folder, "index.html"), `<!doctype html><title>React</title><body></body>${script}`);
}

/** The service, with Bob in the room "daily", and a page in which nothing is mounted yet. */
async function openScene(open: (url: string) => Promise<Guest>) {
  const pagePort = await freePort();
  const url = `http://127.0.0.1:${pagePort}`;
  const service = await startService({ CORS_ORIGIN: url });
  const folder = await mkdtemp(join(tmpdir(), "lastseen-react-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await bundle(folder);
  const web = await createWebServer({
    log: service.app.http.log,
    root: folder,
    service: () => ({ serviceUrl: null, servicePort: service.port }),
  });
  onTestFinished(() => web.close());
  await web.listen({ port: pagePort, host: "127.0.0.1" });
  const bob = await service.join("bob", "daily");
  const guest = await open(url);
  await until(() => guest.evaluate(() => window.reactPage !== undefined));
  const asked = (rooms: string) => new URLSearchParams({ url: service.http, user: "ann", rooms }).toString();
  const text = (id: string) => guest.evaluate((wanted) => document.getElementById(wanted)?.textContent, id);
  return {
    service,
    guest,
    mount: (rooms: string) => guest.evaluate((query) => window.reactPage?.mount(query), asked(rooms)),
    update: (rooms: string) => guest.evaluate((query) => window.reactPage?.update(query), asked(rooms)),
    unmount: () => guest.evaluate(() => window.reactPage?.unmount()),
    shows: (id: string, wanted: string) => until(async () => (await text(id)) === wanted),
    /** Who has a session now. */
    users: () => Array.from(service.app.registry.all(), ({ userId }) => userId).sort(),
    opened: () => service.log.filter(({ msg, userId }) => msg === "session opened" && userId === "ann").length,
    /** What Bob has heard about Ann. */
    heard: () => bob.frames.map(({ type }) => type).filter((type) => type === "user_joined" || type === "user_left"),
  };
}

const IN_DAILY = "connected BOB ann";

async function mountsTwice(open: (url: string) => Promise<Guest>): Promise<void> {
  const { service, guest, mount, update, unmount, shows, users, opened, heard } = await openScene(open);

  // StrictMode: one session, which joins once and stays.
  await mount("daily");
  await shows("room-daily", IN_DAILY);
  await shows("line", "connected available");
  expect([users(), opened(), heard()]).toEqual([["ann", "bob"], 1, ["user_joined"]]);

  // Another room: the newest one counts, and the one before it counts again.
  await update("daily weekly");
  await shows("room-weekly", "connected ann");
  await shows("room-daily", "connecting");
  await update("daily");
  await shows("room-daily", IN_DAILY);
  expect([users(), opened(), heard()]).toEqual([["ann", "bob"], 1, ["user_joined", "user_left", "user_joined"]]);

  // No room: the session stays.
  await update("");
  await until(() => heard().length === 4);
  expect(users()).toEqual(["ann", "bob"]);

  // Mounts that come quickly one after the other leave one session, and the last unmount leaves none.
  await guest.evaluate(
    (query) => {
      for (let turn = 0; turn < 5; turn += 1) {
        window.reactPage?.unmount();
        window.reactPage?.mount(query);
      }
    },
    new URLSearchParams({ url: service.http, user: "ann", rooms: "daily" }).toString(),
  );
  await shows("room-daily", IN_DAILY);
  expect(users()).toEqual(["ann", "bob"]);
  await unmount();
  await until(() => users().join() === "bob");

  // Removed by an operator: the page says so, and nothing comes back by itself.
  await mount("daily");
  await shows("room-daily", IN_DAILY);
  const ann = [...service.app.registry.all()].find(({ userId }) => userId === "ann");
  await service.get(`/api/sessions/${ann?.id}`, { method: "DELETE" });
  await shows("line", "disconnected kicked");
  await shows("room-daily", "disconnected");
  await unmount();
  expect(users()).toEqual(["bob"]);

  // A client in a worker, which has no page.
  await guest.evaluate((address) => {
    const worker = new Worker("worker.js", { type: "module" });
    worker.addEventListener("message", ({ data }) => (document.title = `${data} people`));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no target, unlike a window
    worker.postMessage(address);
  }, service.http);
  await until(() => guest.evaluate(() => document.title === "2 people"));
  expect(users()).toEqual(["bob", "worker"]);
}

describe.skipIf(noStageReason)("React in Chromium", () => {
  test(onStage("StrictMode and double mounts leave no session behind, and a worker needs no page"), () =>
    mountsTwice(chromiumGuest),
  );
});

describe.skipIf(noFirefoxReason)("React in Firefox", () => {
  test(inFirefox("StrictMode and double mounts leave no session behind, and a worker needs no page"), () =>
    mountsTwice(firefoxGuest),
  );
});
