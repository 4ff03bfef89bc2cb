/** The React example, built by Vite in development mode, so that StrictMode mounts everything twice. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { createWebServer } from "../../src/http/web-server.js";
import { freePort } from "../support/free-port.js";
import { startService } from "../support/service.js";
import { TcpProxy } from "../support/tcp-proxy.js";
import { until } from "../support/until.js";
import { noStageReason } from "./browsers.js";
import { inFirefox, noFirefoxReason } from "./firefox.js";
import { askedGuest, chromiumGuest, firefoxGuest, press, shows, type Guest } from "./react-guest.js";
import { onStage } from "./stage.js";

const ROOT = join(import.meta.dirname, "../..");

async function buildExample(serviceUrl: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lastseen-react-call-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const args = ["build", "examples/react-call", "--mode", "development", "--outDir", folder, "--logLevel", "error"];
  const env = { ...process.env, NODE_ENV: "development", VITE_LASTSEEN_URL: serviceUrl };
  await promisify(execFile)(process.execPath, [join(ROOT, "node_modules/vite/bin/vite.js"), ...args], {
    cwd: ROOT,
    env,
  });
  return folder;
}

/** The service behind a network that can be cut, and the example. */
async function openExample() {
  const pagePort = await freePort();
  const origin = `http://127.0.0.1:${pagePort}`;
  const service = await startService({ SFU_WORKERS: "1", CORS_ORIGIN: origin });
  const network = await TcpProxy.start(service.port);
  onTestFinished(() => network.close());
  const root = await buildExample(`http://127.0.0.1:${network.port}`);
  const web = await createWebServer({
    log: service.app.http.log,
    root,
    service: () => ({ serviceUrl: null, servicePort: service.port }),
  });
  onTestFinished(() => web.close());
  await web.listen({ port: pagePort, host: "127.0.0.1" });
  return { service, network, url: (query: Record<string, string>) => `${origin}/?${new URLSearchParams(query)}` };
}

/** Waits until this many pictures play. */
async function sees(guest: Guest, count: number): Promise<void> {
  await until(() =>
    guest.evaluate((wanted) => {
      const videos = [...document.querySelectorAll("video")];
      return videos.filter((video) => video.videoWidth > 2 && video.currentTime > 0).length === Number(wanted);
    }, String(count)),
  );
}

async function types(guest: Guest, text: string): Promise<void> {
  await guest.evaluate((wanted) => {
    const input = [...document.querySelectorAll("input")].find(({ placeholder }) => placeholder === "Bob");
    // React listens to the element's own setter.
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(input, wanted);
    input?.dispatchEvent(new Event("input", { bubbles: true }));
  }, text);
}

/** @param outage `false`: without it, because Firefox waits up to a minute before it tries a host again that has failed */
async function goesThroughACall(open: (url: string) => Promise<Guest>, outage: boolean): Promise<void> {
  const { service, network, url } = await openExample();
  const adas = () => [...service.app.registry.all()].filter(({ userId }) => userId === "ada");
  const producers = async () => {
    const answer = await service.get("/api/rooms/daily");
    const { participants } = (await answer.json()) as {
      participants: { userId: string; producers: { id: string }[] }[];
    };
    return participants.find(({ userId }) => userId === "ada")?.producers.map(({ id }) => id);
  };

  // A room: both see both, and each has one session with one microphone and one camera.
  const [ada, bob] = await Promise.all([
    open(url({ name: "Ada", room: "daily" })),
    chromiumGuest(url({ name: "Bob", room: "daily" })),
  ]);
  await Promise.all([sees(ada, 2), sees(bob, 2)]);
  await shows(ada, "2 people");
  const sessionId = adas()[0]?.id;
  expect([adas().length, (await producers())?.length]).toEqual([1, 2]);

  // Another microphone, where the browser has several: the same producers.
  const before = await producers();
  await press(ada, "Devices");
  const isOther = await ada.evaluate(() => {
    const select = document.querySelector("select");
    const other = [...(select?.options ?? [])].find((option) => !option.selected && option.value !== "default");
    if (!select || !other) return false;
    select.value = other.value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  });
  if (isOther) await until(() => ada.evaluate(() => document.querySelector("select")?.selectedIndex !== 0));
  await press(ada, "Done");
  expect(await producers()).toEqual(before);

  // The user takes the camera away: the page says so, the microphone goes on, and the button brings the camera back.
  if (ada.allowCamera) {
    await ada.allowCamera(false);
    await shows(ada, "The browser does not allow the camera any more.");
    await until(async () => (await producers())?.length === 1);
    expect(before).toContain((await producers())?.[0]);
    await ada.allowCamera(true);
    await press(ada, "Camera");
    await Promise.all([sees(ada, 2), sees(bob, 2)]);
  }

  // Each shows the screen to the other, who sees it whole, and stops.
  for (const sharer of [bob, ...(ada.canShare ? [ada] : [])]) {
    await press(sharer, "Share");
    await Promise.all([sees(ada, 3), sees(bob, 3)]);
    await press(sharer, "Stop sharing");
    await Promise.all([sees(ada, 2), sees(bob, 2)]);
  }

  // Phones share no screen: there is no button that could only fail.
  await bob.evaluate(() => void Reflect.deleteProperty(MediaDevices.prototype, "getDisplayMedia"));
  await press(bob, "Mute");
  await until(() => bob.evaluate(() => !document.body.innerText.includes("Share")));
  await press(bob, "Unmute");

  // Offline and back.
  if (outage) {
    network.cut();
    await shows(ada, "You are offline.");
    await shows(ada, "as last known");
    network.heal();
    await shows(ada, "live");
    await shows(bob, "live");
  }

  // A reload keeps the session.
  await ada.reload();
  await Promise.all([sees(ada, 2), sees(bob, 2)]);
  expect(adas().map(({ id }) => id)).toEqual([sessionId]);

  // Another tab takes the meeting over, and this one takes it back: nobody leaves.
  const tab = await ada.openTab(url({ name: "Ada", room: "daily" }));
  await shows(ada, "You are in this meeting elsewhere");
  await sees(tab, 2);
  await press(ada, "Continue here");
  await shows(tab, "You are in this meeting elsewhere");
  await sees(ada, 2);
  expect(adas()).toHaveLength(1);

  // A call from home.
  await press(ada, "Leave");
  await press(bob, "Leave");
  await types(ada, "Bob");
  await shows(ada, "available");
  await press(ada, "Call");
  await shows(ada, "It rings there");
  await press(bob, "Accept");
  await shows(bob, "Call with Ada");
  await Promise.all([sees(ada, 2), sees(bob, 2)]);
  await press(ada, "Hang up");
  await shows(bob, "The call has ended.");

  // An operator removes her.
  for (const { id } of adas()) await service.get(`/api/sessions/${id}`, { method: "DELETE" });
  await shows(ada, "You were removed");
  await press(ada, "Connect again");
  await shows(ada, "Hello, Ada");
}

describe.skipIf(noStageReason)("the React example in Chromium", () => {
  test(onStage("a room, devices, a shared screen, an outage, a reload, another tab, a call, and the end"), () =>
    goesThroughACall(askedGuest, true),
  );
});

describe.skipIf(noFirefoxReason)("the React example in Firefox", () => {
  test(inFirefox("a room, devices, shared screens, a reload, another tab, a call, and the end"), () =>
    goesThroughACall(firefoxGuest, false),
  );
});
