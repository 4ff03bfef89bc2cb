import { describe, expect, onTestFinished, test } from "vitest";
import { createWebServer } from "../../src/http/web-server.js";
import { application, registerLastseen } from "../integration/plugin/application.js";
import { freePort } from "../support/free-port.js";
import { noStageReason, openPage } from "./browsers.js";
import type { Person } from "./person.js";
import { address, join, onStage, openStage, WEB_ROOT } from "./stage.js";

const ROOMS = ["会议室", "Team standup", "auth0|x"];
const ADA = "auth0|x";
const BOB = "Team standup";

const usersSeenBy = ({ page }: Person): Promise<string[]> =>
  page.evaluate(() => (window.lastseen?.client.room?.participants ?? []).map(({ userId }) => userId).toSorted());

describe.skipIf(noStageReason)("ids of identity providers and of any script", () => {
  test.each(ROOMS)(
    onStage("in the room %s two people with such ids hear and see each other, also after a reload"),
    async (room) => {
      const stage = await openStage();
      const ada = await stage.enter("Ada", room, { user: ADA });
      const bob = await stage.enter("Bob", room, { user: BOB });
      await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
      const sessionId = await ada.sessionId();
      await ada.page.reload();
      await ada.joined();
      expect(await ada.sessionId()).toBe(sessionId);
      await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
      expect(await usersSeenBy(bob)).toEqual([BOB, ADA]);
      expect(await bob.heardAbout(sessionId)).not.toContain("user_left");
      const answer = await stage.service.get(`/api/rooms/${encodeURIComponent(room)}`);
      expect(await answer.json()).toMatchObject({ id: room, participants: [{ userId: ADA }, { userId: BOB }] });
    },
  );

  test(onStage("a page finds the service inside an application, and such ids work there as well"), async () => {
    const webPort = await freePort();
    const { app, listen } = application();
    await registerLastseen(app, { prefix: "/presence", settings: { CORS_ORIGIN: `http://127.0.0.1:${webPort}` } });
    const { http, port } = await listen();
    const web = await createWebServer({
      log: app.log,
      root: WEB_ROOT,
      service: () => ({ serviceUrl: `${http}/presence`, servicePort: port }),
    });
    onTestFinished(() => web.close());
    await web.listen({ port: webPort, host: "127.0.0.1" });
    for (const room of ROOMS) {
      const ada = await join(await openPage(), address(webPort, "Ada", room, ADA), "Ada");
      const bob = await join(await openPage(), address(webPort, "Bob", room, BOB), "Bob");
      await expect.poll(() => usersSeenBy(ada)).toEqual([BOB, ADA]);
      expect(app.lastseen.whoIsIn(room).map(({ userId }) => userId)).toEqual([ADA, BOB]);
      const answer = await fetch(`${http}/presence/api/rooms/${encodeURIComponent(room)}`);
      expect(await answer.json()).toMatchObject({ id: room, participants: [{ userId: ADA }, { userId: BOB }] });
      await Promise.all([ada.page.close(), bob.page.close()]);
      await expect.poll(() => app.lastseen.whoIsIn(room)).toEqual([]);
    }
  });
});
