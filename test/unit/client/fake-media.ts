/** The media side of a service and of a browser, with mediasoup-client's own device on a handler that sends nothing. */
import { Device } from "mediasoup-client";
import * as fakeParameters from "mediasoup-client/fakeParameters";
import { FakeHandler } from "mediasoup-client/handlers/FakeHandler";
import type { ConnectionState, Transport } from "mediasoup-client/types";
import { createMedia, type LastseenMedia, type MediaEvents, type MediaOptions } from "@lastseen/client/media";
import type { Participant } from "@lastseen/protocol";
import type { FakeBrowser, FakeSocket, Request } from "./fake-browser.js";
import { connected, hello, joined, person, room, type Scene } from "./scenes.js";

export class FakeTrack extends EventTarget {
  static #count = 0;
  readonly id = `track-${++FakeTrack.#count}`;
  readonly label = "";
  readonly muted = false;
  readonly kind: "audio" | "video";
  enabled = true;
  readyState: "live" | "ended" = "live";

  constructor(kind: "audio" | "video") {
    super();
    this.kind = kind;
  }

  stop(): void {
    this.readyState = "ended";
  }

  /** The device was unplugged. */
  end(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }

  get asTrack(): MediaStreamTrack {
    return this as unknown as MediaStreamTrack;
  }
}

/** Answers media requests as a service does. What `refusals` names is refused once with that error. */
export class FakeMediaService {
  readonly refusals = new Map<string, { code: string; retryable: boolean }>();
  /** Requests that are not carried out for now. */
  readonly silent = new Set<string>();
  /** Requests that are carried out, and of which the answer is lost. */
  readonly unheard = new Set<string>();
  /** What the client has published, as the service knows it: source by id. */
  readonly producers = new Map<string, string>();
  /** The producer of each request: the same request is answered in the same way. */
  readonly #made = new Map<string, string>();
  #count = 0;

  serve(socket: FakeSocket): void {
    socket.onSent = (request) => {
      if (request.id === undefined || this.silent.has(request.type)) return;
      const refusal = this.refusals.get(request.type);
      this.refusals.delete(request.type);
      const data = refusal ? undefined : this.#reply(request);
      if (this.unheard.has(request.type)) return;
      if (refusal)
        queueMicrotask(() => void socket.receive({ id: request.id, ok: false, error: { message: "", ...refusal } }));
      else if (data) queueMicrotask(() => void socket.receive({ id: request.id, ok: true, data }));
    };
  }

  #reply({ type, data }: Request): object | undefined {
    const id = `${type}-${++this.#count}`;
    switch (type) {
      case "createTransport":
        return { ...fakeParameters.generateTransportRemoteParameters(), id };
      case "produce": {
        const asked = JSON.stringify([data["transportId"], data["rtpParameters"]]);
        const producerId = this.#made.get(asked) ?? id;
        this.#made.set(asked, producerId);
        this.producers.set(producerId, String(data["source"]));
        return { producerId };
      }
      case "closeProducer":
        this.producers.delete(String(data["producerId"]));
        return {};
      case "getRoom":
        return { room: room(1, this.#self()) };
      case "consume": {
        const audio = String(data["producerId"]).startsWith("audio");
        const codecMimeType = audio ? "audio/opus" : "video/VP8";
        const { rtpParameters, kind } = fakeParameters.generateConsumerRemoteParameters({ id, codecMimeType });
        return { consumerId: id, producerId: data["producerId"], kind, rtpParameters, producerPaused: false };
      }
      case "restartIce":
        return { iceParameters: fakeParameters.generateTransportRemoteParameters().iceParameters };
      case "connectTransport":
      case "pauseProducer":
      case "resumeProducer":
      case "resumeConsumer":
      case "closeConsumer":
      case "setPreferredLayers":
      case "leave":
        return {};
      default:
        return undefined;
    }
  }

  #self(): Participant {
    const producers = Array.from(this.producers, ([id, source]) => ({
      id,
      kind: "audio" as const,
      source,
      paused: false,
    }));
    return person("ann", { producers });
  }
}

export interface MediaScene extends Scene {
  readonly media: LastseenMedia;
  readonly service: FakeMediaService;
  /** Transports as mediasoup-client made them, oldest first. */
  readonly transports: Transport[];
  readonly heard: [keyof MediaEvents, unknown][];
  networkChanges(): void;
}

/** A client in the room with these others, and its media. */
export async function mediaInRoom(others: Participant[] = [], options: MediaOptions = {}): Promise<MediaScene> {
  const scene = await connected();
  const { browser, client } = scene;
  const service = new FakeMediaService();
  const transports: Transport[] = [];
  let networkChanges = () => {};
  const media = createMedia(client, {
    timers: browser.timers,
    network: {
      listen: (changed) => {
        networkChanges = changed;
        return () => (networkChanges = () => {});
      },
    },
    createDevice: () => {
      const device = new Device({ handlerFactory: FakeHandler.createFactory(fakeParameters) });
      device.observer.on("newtransport", (transport) => transports.push(transport));
      return Promise.resolve(device);
    },
    ...options,
  });
  const heard: MediaScene["heard"] = [];
  for (const event of ["track_added", "track_removed", "rebuilt", "error"] as const) {
    media.on(event, (payload) => heard.push([event, payload]));
  }
  service.serve(browser.socket);
  void client.join("daily").catch(() => {});
  await browser.socket.answer("join", joinedWithMedia(others));
  await calm();
  return { ...scene, media, service, transports, heard, networkChanges: () => networkChanges() };
}

export function joinedWithMedia(others: Participant[], changes: object = {}): object {
  const routerRtpCapabilities = fakeParameters.generateRouterRtpCapabilities();
  return joined(room(1, person("ann"), ...others), { routerRtpCapabilities, ...changes });
}

/** The connection is lost, comes back, and the hello is answered. */
export async function lineComesBack(scene: MediaScene, changes: object): Promise<void> {
  const { browser, service } = scene;
  await browser.socket.closeWith(1006);
  await browser.timers.advance(1_000);
  service.serve(browser.socket);
  await browser.socket.open();
  await browser.socket.answer("hello", hello(changes));
  await calm();
}

export function sender(name: string, ...producerIds: string[]): Participant {
  const producers = producerIds.map((id) => ({
    id,
    kind: id.startsWith("audio") ? ("audio" as const) : ("video" as const),
    source: id,
    paused: false,
  }));
  return person(name, { producers });
}

/** The transport's peer connection changes its state. */
export function setConnection(transport: Transport | undefined, state: ConnectionState): void {
  if (!transport) throw new Error("there is no such transport");
  (transport.handler as FakeHandler).setConnectionState(state);
}

export function requests(browser: FakeBrowser, type: string): Record<string, unknown>[] {
  return browser.sockets.flatMap((socket) => socket.requests(type).map(({ data }) => data));
}

/** mediasoup-client works through queues of its own. */
export async function calm(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
}
