import { expect, test } from "vitest";
import { WebSocket } from "ws";
import type { LastseenClient, SocketLike } from "@lastseen/client";
import { sdkClient } from "../../support/node-browser.js";
import { startService, type TestService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";

/** A network that breaks the connection at the moment at which a certain answer would arrive. */
class UnluckyNetwork {
  #type: string | undefined;

  /** The service does the next request of this type, and its answer is lost with the connection. */
  loseAnswerTo(type: string): void {
    this.#type = type;
  }

  readonly openSocket = (url: string, protocol: string): SocketLike => {
    const socket = new WebSocket(url, protocol);
    socket.on("error", () => {});
    let lost: number | undefined;
    return {
      get readyState() {
        return socket.readyState;
      },
      addEventListener(event, listener) {
        if (event === "open") socket.on("open", () => listener({}));
        if (event === "close") socket.on("close", (code) => listener({ code }));
        if (event !== "message") return;
        socket.on("message", (data: Buffer) => {
          const text = data.toString();
          const { id } = JSON.parse(text) as { id?: number };
          if (id !== undefined && id === lost) socket.terminate();
          else if (socket.readyState === WebSocket.OPEN) listener({ data: text });
        });
      },
      send: (text) => {
        const { id, type } = JSON.parse(text) as { id?: number; type: string };
        if (type === this.#type) [lost, this.#type] = [id, undefined];
        socket.send(text);
      },
      close: (code) => socket.close(code),
    };
  };
}

interface Scene {
  readonly service: TestService;
  readonly network: UnluckyNetwork;
  /** Uses the SDK over the network. */
  readonly ada: LastseenClient;
  readonly bob: TestClient;
}

async function scene(): Promise<Scene> {
  const service = await startService();
  const network = new UnluckyNetwork();
  const { openSocket } = network;
  const ada = sdkClient({ url: service.http, user: { id: "ada" }, environment: { openSocket } });
  await ada.whenConnected();
  return { service, network, ada, bob: await service.hello("bob") };
}

/** Bob calls Ada, and her client rings. */
async function ringing(): Promise<Scene & { callId: string }> {
  const all = await scene();
  const { callId } = await all.bob.request("startCall", { to: "ada", kind: "audio" });
  await until(() => all.ada.calls.current?.callId === callId);
  return { ...all, callId };
}

async function isIdle({ service }: Scene): Promise<boolean> {
  const { busyUsers } = (await (await service.get("/api/health")).json()) as { busyUsers: number };
  return busyUsers === 0;
}

test("a call whose start failed for the caller stops ringing, and the caller can call again", async () => {
  const all = await scene();
  const { network, ada, bob } = all;
  network.loseAnswerTo("startCall");
  await expect(ada.calls.start("bob", "audio")).rejects.toMatchObject({ code: "disconnected" });
  const { callId } = await bob.event("incoming_call");
  await bob.event("call_cancelled", (cancelled) => cancelled.callId === callId);
  expect(ada.calls.current).toBeUndefined();
  await until(() => isIdle(all));
  await expect(ada.calls.start("bob", "audio")).resolves.toMatchObject({ state: "ringing" });
});

test("a call goes on with both users when the answer to its acceptance was lost", async () => {
  const { network, ada, bob, callId } = await ringing();
  network.loseAnswerTo("acceptCall");
  await expect(ada.calls.accept()).resolves.toMatchObject({ callId, state: "active" });
  await bob.event("call_accepted");
  expect(bob.events("call_ended")).toEqual([]);
});

test.each(["before the service has done it", "after the service has done it"])(
  "a call ends for both users when the connection breaks during the hang-up, %s",
  async (when) => {
    const all = await ringing();
    const { network, ada, bob, callId } = all;
    await ada.calls.accept();
    if (when === "after the service has done it") network.loseAnswerTo("endCall");
    else {
      // Without a connection the request cannot be under way.
      const lost = new Promise<void>((resolve) =>
        ada.on("state", ({ state }) => state === "reconnecting" && resolve()),
      );
      network.loseAnswerTo("getRoom");
      await Promise.all([lost, ada.refresh().catch(() => undefined)]);
    }
    await ada.calls.end();
    expect(ada.calls.current).toBeUndefined();
    await bob.event("call_ended", (ended) => ended.callId === callId && ended.reason === "hangup");
    await until(() => isIdle(all));
  },
);
