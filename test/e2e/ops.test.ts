import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { mediaServer, startServiceWithAgents } from "../integration/agents/media-server.js";
import { Fleet } from "../support/fleet.js";
import { startService, type TestService } from "../support/service.js";
import { TcpProxy } from "../support/tcp-proxy.js";
import { TestClient } from "../support/test-client.js";
import { until } from "../support/until.js";
import { noStageReason, openPage } from "./browsers.js";
import { onStage } from "./stage.js";
import { ADMIN_TOKEN as TOKEN, PRODUCTION } from "../support/secrets.js";

/** Somebody's name that would do everything a page must not let it do. */
const HOSTILE = `<img src=x onerror="window.owned=1"><script>window.owned=1</script>\u202Eeve"'`;
/** The name as the service gives it to others. */
const SHOWN = HOSTILE.replace("\u202E", "");

/** The operator page of this service in a browser, with every request that it makes of the API. */
async function openOps(
  service: Pick<TestService, "http">,
): Promise<{ page: Page; asked: { url: string; token: string | undefined }[] }> {
  const { page } = await openPage();
  const asked: { url: string; token: string | undefined }[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/api/")) asked.push({ url: pathname, token: request.headers()["authorization"] });
  });
  await page.goto(`${service.http}/ops`);
  return { page, asked };
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByTestId("token").fill(token);
  await page.getByTestId("token").press("Enter");
}

const cardOf = (page: Page, sessionId: string) => page.locator(`[data-session-id="${sessionId}"]`).first();

describe.skipIf(noStageReason)("the operator page", () => {
  test(onStage("asks for the token, asks the service nothing without it, and forgets it on the way out"), async () => {
    const service = await startService({ ADMIN_TOKEN: TOKEN });
    await service.join("ada", "daily");
    const { page, asked } = await openOps(service);
    await page.getByTestId("token").waitFor();
    expect(page.url()).toBe(`${service.http}/ops/`);
    expect(asked).toEqual([]);
    expect(await page.locator("body").innerText()).not.toMatch(/ada|daily/i);

    await signIn(page, "wrong");
    await until(async () => (await page.getByTestId("token-problem").innerText()) !== "");
    expect(await page.getByTestId("console").count()).toBe(0);
    expect(asked.map(({ token }) => token)).toEqual(["Bearer wrong"]);

    await signIn(page, TOKEN);
    await page.getByText("ADA", { exact: true }).waitFor();
    expect(new Set(asked.slice(1).map(({ token }) => token))).toEqual(new Set([`Bearer ${TOKEN}`]));

    await page.reload();
    await page.getByText("ADA", { exact: true }).waitFor();
    await page.getByTestId("sign-out").click();
    await page.getByTestId("token").waitFor();
    const before = asked.length;
    await page.reload();
    await page.getByTestId("token").waitFor();
    expect(asked.length).toBe(before);
    expect(await page.evaluate(() => sessionStorage.length + localStorage.length)).toBe(0);
  });

  test(
    onStage("works at once where the service asks for no token, and can be used by the keyboard alone"),
    async () => {
      const service = await startService();
      const ada = await service.join("ada", "daily");
      const { page } = await openOps(service);
      const card = cardOf(page, ada.hello.sessionId);
      await card.waitFor();
      expect(await card.getByTestId("state").innerText()).toBe("● Present");
      await card.getByTestId("kick").focus();
      await page.keyboard.press("Enter");
      await page.getByTestId("ask").waitFor();
      await page.keyboard.press("Escape");
      await page.getByTestId("ask").waitFor({ state: "detached" });
      expect(service.app.registry.size).toBe(1);
      await page.keyboard.press("Enter");
      await page.getByTestId("ask").waitFor();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      expect(await ada.closed()).toBe(4403);
      await card.waitFor({ state: "detached" });
      // The list may have been asked for by itself before the answer to the kick was there.
      await page.getByTestId("said").getByText("ADA was kicked.", { exact: true }).waitFor();
    },
  );

  test(onStage("blocks a user for as long and where the operator chooses, lists the block, and lifts it"), async () => {
    const service = await startService();
    const ada = await service.join("ada", "daily");
    await service.join("bob", "daily");
    const { page } = await openOps(service);
    const card = cardOf(page, ada.hello.sessionId);
    await card.getByTestId("block").click();
    await page.getByTestId("choose-seconds").selectOption({ label: "1 day" });
    await page.getByTestId("choose-roomId").selectOption({ label: "from the room “daily”" });
    await page.getByTestId("confirm").click();
    expect(await ada.event("room_closed")).toMatchObject({ roomId: "daily", reason: "blocked" });
    const row = page.locator('[data-testid="blocked"][data-user-id="ada"]');
    await row.getByText("from the room “daily”, for 24 h more; asked for by somebody without a token").waitFor();

    await card.getByTestId("block").click();
    await page.keyboard.press("Escape");
    await page.getByTestId("ask").waitFor({ state: "detached" });
    expect(ada.closeCode).toBeUndefined();
    await card.getByTestId("block").click();
    await page.getByTestId("confirm").click();
    expect(await ada.closed()).toBe(4403);
    await row.getByText("everywhere, for 10 min more").waitFor();
    expect(await row.count()).toBe(2);

    await row.filter({ hasText: "everywhere" }).getByTestId("unblock").click();
    await page.getByTestId("confirm").click();
    await page.getByTestId("said").getByText("ada was unblocked.", { exact: true }).waitFor();
    await until(async () => (await row.count()) === 1);
    await row.getByTestId("unblock").click();
    await page.getByTestId("confirm").click();
    await page.getByTestId("blocks").waitFor({ state: "detached" });
    await service.join("ada", "daily");
  });

  test(onStage("says in production without a token that there is nothing to see"), async () => {
    const service = await startService(PRODUCTION);
    const { page, asked } = await openOps(service);
    await page.getByText("until ADMIN_TOKEN is set").waitFor();
    expect(asked).toEqual([]);
  });

  test(onStage("shows who went away and why, and explains the end when it has come"), async () => {
    const service = await startService({ RESUME_GRACE_MS: "10000" });
    const [ada, bob] = [await service.join("ada", "daily"), await service.join("bob", "daily")];
    const { page } = await openOps(service);
    await cardOf(page, ada.hello.sessionId).waitFor();
    ada.reset();
    const card = cardOf(page, ada.hello.sessionId);
    await card.getByText("◐ Away").waitFor();
    expect(await card.innerText()).toMatch(/its connection broke; a ghost in \d/);
    await card.getByTestId("explain").click();
    await page.getByTestId("evidence").getByText("with code 1006 (the connection broke)").waitFor();

    await bob.event("user_left");
    await page.getByTestId("summary").getByText("because it did not come back in time").waitFor();
    expect(await page.getByTestId("summary").innerText()).toContain("What was known: its connection broke");
    expect(await page.getByTestId("timeline").innerText()).toMatch(
      /Nothing of it is left[^]*The session ended: it did not come back in time \(its connection broke\)[^]*Shown as away: its connection broke[^]*Joined the room “daily”[^]*The session began/,
    );
    await cardOf(page, ada.hello.sessionId).waitFor({ state: "detached" });
    expect(await cardOf(page, bob.hello.sessionId).getByTestId("state").innerText()).toBe("● Present");
  });

  test(onStage("explains a session that ended before the page was opened, by its id or its address"), async () => {
    const service = await startService();
    const ada = await service.join("ada", "daily");
    await ada.request("leave");
    ada.close();
    await until(() => service.app.registry.size === 0);
    const { page } = await openOps(service);
    await page.getByTestId("session-id").fill(ada.hello.sessionId);
    await page.getByTestId("look-up").click();
    await page.getByTestId("timeline").getByText("Left the room “daily”: it left by itself").waitFor();

    await page.reload();
    await page.getByTestId("timeline").getByText("The session began").waitFor();
    await page.getByTestId("session-id").fill("nobody/../../api/health");
    await page.getByTestId("look-up").click();
    await page.getByTestId("explanation-note").getByText("Nothing is known of such a session").waitFor();
    expect(await page.getByTestId("explanation").isHidden()).toBe(true);
  });

  test(onStage("tells why Bob was removed, found by his name among those who have ended"), async () => {
    const service = await startService();
    const kick = (sessionId: string) => service.get(`/api/sessions/${sessionId}`, { method: "DELETE" });
    await kick((await service.join("user-7", "weekly")).hello.sessionId);
    for (const user of ["bob-1", "bob-2"]) await service.join(user, "daily");
    await kick((await service.hello("user-8", { user: { id: "user-8", name: "Bob Ross" } })).hello.sessionId);
    const { page } = await openOps(service);
    const search = async (words: string) => {
      await page.getByTestId("session-id").fill(words);
      await page.getByTestId("session-id").press("Enter");
    };
    await search("bob");
    await page.getByTestId("found").waitFor();
    const found = page.getByTestId("found-session");
    expect(await found.count()).toBe(3);
    expect(await found.first().innerText()).toMatch(/Bob Ross[^]*user-8[^]*Ended \d.* ago: an operator removed it/);
    await found.first().click();
    await page.getByTestId("summary").getByText("because an operator removed it").waitFor();
    await page.getByTestId("back-to-found").click();
    expect(await found.count()).toBe(3);

    await search("WEEK");
    await page.getByTestId("timeline").getByText("Left the room “weekly”: an operator removed it").waitFor();
    await search("nobody");
    await page.getByTestId("explanation-note").getByText("Nothing is known of such a session").waitFor();
    await page.getByTestId("filter-state").selectOption("ended");
    await page.getByRole("heading", { name: "Who was here" }).waitFor();
    await until(async () => (await page.getByTestId("session").count()) === 2);
    expect(await page.getByTestId("session").first().innerText()).toMatch(
      /Bob Ross[^]*ended [^]*an operator removed it/,
    );
  });

  test(onStage("is never green without an answer: not when nothing comes, and not when errors come"), async () => {
    const service = await startService();
    const proxy = await TcpProxy.start(service.port);
    onTestFinished(() => proxy.close());
    const { page } = await openOps({ http: `http://127.0.0.1:${proxy.port}` });
    const title = page.getByTestId("attention-title");
    await title.getByText("✓ Nothing needs attention").waitFor();
    expect(await page.getByTestId("live").innerText()).toMatch(/Live\s+last answer \d\d:\d\d:\d\d/);
    proxy.silence();
    // Five seconds, and some for the busy machine.
    await title.getByText("? Nobody knows what needs attention").waitFor({ timeout: 10_000 });
    await page
      .getByTestId("live")
      .getByText(/No answer since \d\d:/)
      .waitFor();
    expect(await page.title()).toBe("? No answer · Lastseen operators");
    expect(await page.getByTestId("attention").innerText()).toMatch(/The last answer came at \d\d:\d\d:\d\d/);
    proxy.heal();
    await title.getByText("✓ Nothing needs attention").waitFor();
    expect(await page.title()).toBe("Lastseen operators");

    await page.route("**/api/rooms", (route) => route.fulfill({ status: 500, json: {} }));
    await title.getByText("? Nobody knows what needs attention").waitFor({ timeout: 10_000 });
    await page.getByTestId("attention").getByText("The service answers with an error").waitFor();
    await page.unroute("**/api/rooms");
    await title.getByText("✓ Nothing needs attention").waitFor();
  });

  test(onStage("shows a hostile name as the text that it is"), async () => {
    const service = await startService();
    // Nearly all characters may be in a name. The service takes out only those that change the direction of other text.
    const client = await service.connect();
    const hello = { user: { id: "eve", name: HOSTILE }, tabId: "t" };
    const { sessionId } = await client.request("hello", hello);
    await client.request("join", { roomId: "daily" });
    const { page } = await openOps(service);
    const violations: string[] = [];
    page.on("console", (message) => violations.push(message.text()));
    const card = cardOf(page, sessionId);
    await card.waitFor();
    expect(await card.getByTestId("name").textContent()).toBe(SHOWN);
    await card.getByTestId("explain").click();
    await page.getByTestId("timeline").getByText("Joined the room “daily”").waitFor();
    await card.getByTestId("kick").click();
    expect(await page.getByTestId("ask").locator("h2").textContent()).toBe(`Kick ${SHOWN}?`);
    await page.keyboard.press("Escape");
    await page.getByTestId("close-room").click();
    await page.getByTestId("confirm").click();
    await page.getByTestId("said").getByText("The room “daily” was closed.").waitFor();
    expect(await page.evaluate(() => "owned" in window)).toBe(false);
    expect(await page.locator("#app img:not([src='icon.svg']), #app script, #app i:not(.pill i), #app b").count()).toBe(
      0,
    );
    expect(violations).toEqual([]);
  });

  test(
    onStage("lets nothing in but the service's own files, neither from elsewhere nor written into the page"),
    async () => {
      const service = await startService();
      const response = await service.get("/ops/");
      const policy = response.headers.get("content-security-policy") ?? "";
      for (const part of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "require-trusted-types-for 'script'",
      ])
        expect(policy.split(";")).toContain(part);
      expect(policy).not.toContain("unsafe");
      expect(await response.text()).not.toMatch(/<style|<script>|style=|https?:/);
      expect((await service.get("/api/health")).headers.get("content-security-policy")).toBeNull();
      for (const path of [
        "/ops/../package.json",
        "/ops/%2e%2e/package.json",
        "/ops/..%2fweb/index.html",
        "/ops/nowhere",
      ])
        expect((await service.get(path)).status, path).toBe(404);
    },
  );

  test(onStage("finds sessions by room, user and state, page by page"), async () => {
    const service = await startService();
    for (let i = 0; i < 52; i++) await service.join(`user-${i}`, i < 51 ? "big" : "small");
    const { page } = await openOps(service);
    const cards = page.getByTestId("session");
    await until(async () => (await cards.count()) === 50);
    expect(await page.getByTestId("count-sessions").innerText()).toBe("52");
    await page.getByTestId("page-next").click();
    await until(async () => (await cards.count()) === 2);
    expect(await cards.nth(1).innerText()).toContain("USER-51");
    await page.getByTestId("page-back").click();
    await until(async () => (await cards.count()) === 50);
    await page.getByRole("button", { name: "small 1" }).click();
    await until(async () => (await cards.count()) === 1);
    await page.getByTestId("filter-room").fill("");
    await page.getByTestId("filter-user").fill("user-7");
    await until(async () => (await cards.allInnerTexts()).every((text) => text.includes("USER-7")));
    await page.getByTestId("filter-state").selectOption("away");
    await page.getByTestId("no-sessions").waitFor();
  });

  test(onStage("puts cleanups that are stuck at the top, and tells what a cleanup by hand has done"), async () => {
    const service = await startService({ SWEEP_INTERVAL_MS: "60000" });
    const ada = await service.join("ada", "daily");
    const media = service.app.registry.find(ada.hello.sessionId)?.participation?.media;
    if (!media) throw new Error("ada has no media");
    const verify = media.verifyClosed.bind(media);
    media.verifyClosed = () => Promise.reject(new Error("the worker does not answer"));
    const { page } = await openOps(service);
    await page.getByText("✓ Nothing needs attention").waitFor();
    ada.close();
    await page.getByText("! 1 stuck cleanup").waitFor();
    expect(await page.getByTestId("stuck").innerText()).toMatch(
      /ADA[^]*from “daily” \(it did not come back in time\) failed 4 times at “verify media”/,
    );
    media.verifyClosed = verify;
    await page.getByTestId("clean-up").click();
    await page.getByTestId("confirm").click();
    await page.getByTestId("said").getByText("1 stuck cleanup tried again").waitFor();
    await page.getByText("✓ Nothing needs attention").waitFor();
  });

  test(onStage("is quiet while nobody looks, and says so when the service does not answer"), async () => {
    const service = await startService();
    const { page, asked } = await openOps(service);
    await page.clock.install();
    await page.reload();
    await page.getByTestId("live").getByText("Live").waitFor();
    const first = asked.length;
    await page.clock.fastForward(4_000);
    await until(() => asked.length > first);
    await page.evaluate(() => {
      Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    const before = asked.length;
    await page.clock.fastForward(60_000);
    expect(asked.length).toBe(before);
    await service.close();
    await page.evaluate(() => {
      Reflect.deleteProperty(document, "visibilityState");
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await page
      .getByTestId("live")
      .getByText(/No answer since/)
      .waitFor();
    expect(asked.length).toBeGreaterThan(before);
  });

  test(
    onStage("shows the sessions of all nodes, which node does not answer, and drains the one that is asked"),
    async () => {
      const fleet = await Fleet.start(2);
      const [first, second] = fleet.nodes;
      if (!first || !second) throw new Error("no nodes");
      for (const [user, node] of [
        ["ada", first],
        ["bob", second],
      ] as const) {
        const client = await TestClient.open(node.ws);
        onTestFinished(() => client.socket.terminate());
        await client.request("hello", { user: { id: user }, tabId: user });
        await client.request("join", { roomId: `room-of-${user}` });
      }
      const { page } = await openOps(first);
      await page.getByText("1 session on node node-1").waitFor();
      await page.getByText("1 session on node node-2").waitFor();
      const boxes = await page.getByTestId("node").allInnerTexts();
      expect(boxes[0]).toMatch(/^node-1 answers this page[^]*1 session, 1 room/);
      expect(boxes[1]).toMatch(/^node-2[^]*1 session, 1 room/);
      second.signal("SIGSTOP");
      await page.getByTestId("attention").getByText("Node node-2 did not answer").waitFor();
      second.signal("SIGCONT");
      await page.getByText("✓ Nothing needs attention").waitFor();
      await page.getByTestId("drain").click();
      await page.getByTestId("confirm").click();
      await page
        .getByTestId("said")
        .getByText(/Draining: \d session/)
        .waitFor();
      await until(async () => (await fetch(`${first.http}/health/ready`)).status === 503);
      await page.getByTestId("drain").getByText("Drained").waitFor();
      await page.getByTestId("about-node").getByText("Drained; it takes nothing new.").waitFor();
      expect(await page.getByTestId("drain").isDisabled()).toBe(true);
    },
  );

  test(onStage("shows the agents beside their node, and which of them is away"), async () => {
    const service = await startServiceWithAgents();
    const line = await TcpProxy.start(service.port);
    onTestFinished(() => line.close());
    await mediaServer(`http://127.0.0.1:${line.port}`, service, { name: "media-1" });
    const { page } = await openOps(service);
    const agent = page.getByTestId("node").getByTestId("agent");
    await agent.getByText("media of 0 sessions, 0 transports").waitFor();
    expect(await agent.innerText()).toMatch(/^agent media-1 on /);
    await page.getByText("1 node, 1 agent").waitFor();
    await page.getByText("✓ Nothing needs attention").waitFor();

    line.cut();
    await page
      .getByTestId("attention")
      .getByText(/Agent media-1 on .* is away since/)
      .waitFor();
    await agent.getByText(/! away for/).waitFor();
  });
});
