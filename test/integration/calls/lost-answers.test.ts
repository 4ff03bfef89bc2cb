import { expect, test } from "vitest";
import { WebSocket } from "ws";
import type { LastseenClient, SocketLike } from "@lastseen/client";
import { sdkClient } from "../../support/node-browser.js";
import { startService, type TestService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";

/** A network that breaks a connection at the very moment at which one answer would have arrived. */
class UnluckyNetwork {
  #type: string | undefined;

  /** The next request of this type is carried out, and its answer is lost with the line. */
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
  /** Has the SDK, and the network. */
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

/** Bob calls Ada, at whom it rings. */
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

test("an attempt to call that has failed stops to ring, and its caller can call again", async () => {
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

test("a call whose acceptance has lost its answer goes on with both", async () => {
  const { network, ada, bob, callId } = await ringing();
  network.loseAnswerTo("acceptCall");
  await expect(ada.calls.accept()).resolves.toMatchObject({ callId, state: "active" });
  await bob.event("call_accepted");
  expect(bob.events("call_ended")).toEqual([]);
});

test.each(["before it was carried out", "after it was carried out"])(
  "a call that was hung up when the line was lost, %s, is over for both",
  async (when) => {
    const all = await ringing();
    const { network, ada, bob, callId } = all;
    await ada.calls.accept();
    if (when === "after it was carried out") network.loseAnswerTo("endCall");
    else {
      // The proof that the request is not on its way: there is no line.
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
