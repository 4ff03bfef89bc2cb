/** The page of the product: media over its own signalling, presence with `@lastseen/client` at a service elsewhere. */
import { connect } from "@lastseen/client";
import { Device } from "mediasoup-client";
import type { ConsumerOptions, RtpCapabilities, Transport } from "mediasoup-client/types";
import { io, type Socket } from "socket.io-client";
import type { Signalling, TransportOffer } from "./signalling.js";

declare global {
  interface Window {
    /** What the test looks at. */
    state: { sessionId: string; people: string[]; heard: number };
  }
}

const query = new URLSearchParams(location.search);
const [userId, lastseen] = [query.get("user") ?? "", query.get("lastseen") ?? ""];
const socket: Socket<Record<string, never>, Signalling> = io();
window.state = { sessionId: "", people: [], heard: 0 };

async function transportOf(device: Device, direction: "send" | "recv", sessionId: string): Promise<Transport> {
  const offer: TransportOffer = await socket.emitWithAck("createTransport", { sessionId });
  const transport = direction === "send" ? device.createSendTransport(offer) : device.createRecvTransport(offer);
  transport.on("connect", ({ dtlsParameters }, done) =>
    socket.emit("connectTransport", { id: offer.id, dtlsParameters }, done),
  );
  transport.on("produce", ({ kind, rtpParameters }, done) =>
    socket.emit("produce", { id: offer.id, kind, rtpParameters }, (id) => done({ id })),
  );
  return transport;
}

/** Plays what the others send, and counts the bytes. */
async function listen(device: Device, transport: Transport, own: string[]): Promise<void> {
  const heard = new Set<string>();
  for (;;) {
    for (const producerId of await socket.emitWithAck("others", { own })) {
      if (heard.has(producerId)) continue;
      heard.add(producerId);
      const { rtpCapabilities } = device;
      const offer = await socket.emitWithAck("consume", { id: transport.id, producerId, rtpCapabilities });
      // The types of the two libraries name other header extensions.
      const consumer = await transport.consume(offer as ConsumerOptions);
      const element = document.createElement("audio");
      element.srcObject = new MediaStream([consumer.track]);
      void element.play();
    }
    const stats = [...(await transport.getStats()).values()] as { type: string; bytesReceived?: number }[];
    window.state.heard = stats.reduce(
      (sum, { type, bytesReceived }) => sum + (type === "inbound-rtp" ? (bytesReceived ?? 0) : 0),
      0,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function main(): Promise<void> {
  const client = connect({ url: lastseen, user: { id: userId } });
  client.on(
    "roster",
    ({ room }) => (window.state.people = room.participants.map((one) => `${one.userId} ${one.state}`).sort()),
  );
  await client.join("daily");
  const sessionId = client.session?.sessionId ?? "";
  const device = new Device();
  const routerRtpCapabilities = (await socket.emitWithAck("capabilities")) as RtpCapabilities;
  await device.load({ routerRtpCapabilities });
  const [sending, receiving] = [
    await transportOf(device, "send", sessionId),
    await transportOf(device, "recv", sessionId),
  ];
  const [track] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks();
  if (!track) throw new Error("there is no microphone");
  const producer = await sending.produce({ track });
  window.state.sessionId = sessionId;
  await listen(device, receiving, [producer.id]);
}

void main();
