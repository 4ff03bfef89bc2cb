import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createWebServer } from "../../src/http/web-server.js";
import { Fleet } from "../support/fleet.js";
import { freePort } from "../support/free-port.js";
import { noRedisReason } from "../support/redis-server.js";
import { until } from "../support/until.js";
import type { Person } from "./person.js";
import { noStageReason, openPage } from "./browsers.js";
import { address, join, onStage, WEB_ROOT } from "./stage.js";

test.skipIf(noStageReason !== undefined || noRedisReason !== undefined)(
  onStage("two people are in a call on one node, the node is killed, and they talk again on the other"),
  { timeout: 180_000 },
  async () => {
    const webPort = await freePort();
    const fleet = await Fleet.start(2, {
      SFU_WORKERS: "1",
      SFU_PORT: "0",
      CORS_ORIGIN: `http://127.0.0.1:${webPort}`,
    });
    const web = await createWebServer({
      log: pino({ level: "silent" }),
      root: WEB_ROOT,
      service: () => ({ serviceUrl: fleet.balancer.http, servicePort: 0 }),
    });
    onTestFinished(() => web.close());
    await web.listen({ port: webPort, host: "127.0.0.1" });

    const people: Person[] = [];
    for (const name of ["Ada", "Bob"]) {
      people.push(await join(await openPage(), address(webPort, name, "daily"), name));
    }
    await Promise.all(people.map((person) => person.hearsAndSees()));
    const home = await fleet.homeOf("daily");
    const heir = fleet.nodes.find((node) => node !== home);

    home?.signal("SIGKILL");
    const killedAt = performance.now();
    await until(() => heir?.log.some(({ msg }) => msg === "session resumed") === true);
    await Promise.all(people.map((person) => person.hearsAndSees()));
    const seconds = (performance.now() - killedAt) / 1000;
    process.stdout.write(`talking again after ${seconds.toFixed(1)} s\n`);
    for (const person of people) {
      expect((await person.roster()).map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual([
        "Ada present",
        "Bob present",
      ]);
      const disturbances = await person.disturbances();
      expect(disturbances).not.toContain("state disconnected");
      for (const { sessionId } of await person.roster()) {
        expect(await person.heardAbout(sessionId)).not.toContain("user_left");
      }
    }
  },
);
