/** The product's page: a tile with sound and picture for everybody. `?user=ann` says who you are. */
import { connect } from "@lastseen/client";
import { Device } from "mediasoup-client";
import { io } from "socket.io-client";
import { addTrack, removeTile, removeTrack, say } from "./tiles.js";

const ROOM_ID = "daily";
const PING_MS = 30_000;
const userId = new URLSearchParams(location.search).get("user") ?? `guest${Math.floor(Math.random() * 1_000)}`;

const { lastseen } = await (await fetch("settings")).json();
const camera = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
for (const track of camera.getTracks()) addTrack(userId, track, { isOwn: true });

const sessionId = lastseen ? await enterElsewhere(lastseen) : undefined;
const socket = io({ auth: { token: `token-of-${userId}` } });
/** What this page sends and receives now. With each connection of the socket it begins anew. */
let call;
socket.on("connect", () => {
  call?.then(
    ({ close }) => close(),
    () => {},
  );
  call = begin();
  call.catch((error) => say(`The call could not begin: ${error.message}`));
});
socket.on("producer", (producer) => void call?.then(({ show }) => show(producer)));
socket.on("producerClosed", removeTrack);
socket.on("user_left", (left) => removeTile(left.userId));
// A service elsewhere hears the page itself.
if (!lastseen) setInterval(() => socket.emit("ping"), PING_MS);

/** Says hello to a Lastseen that runs elsewhere. @returns the session, which the backend gives to each transport of this page */
async function enterElsewhere(url) {
  const client = connect({ url, user: { id: userId, name: userId } });
  client.on("roster", ({ room, removed }) => {
    say(room.participants.map(({ name, state }) => (state === "away" ? `${name} (away)` : name)).join(", "));
    for (const { userId: gone } of removed) removeTile(gone);
  });
  await client.join(ROOM_ID);
  return client.session?.sessionId;
}

async function begin() {
  const device = new Device();
  await device.load({ routerRtpCapabilities: await socket.emitWithAck("join", { roomId: ROOM_ID, sessionId }) });
  const [sending, receiving] = [await open(device, "send"), await open(device, "recv")];
  const shown = new Set();

  async function show({ producerId, userId: from }) {
    if (shown.has(producerId)) return;
    shown.add(producerId);
    const { rtpCapabilities } = device;
    const offer = await socket.emitWithAck("consume", { id: receiving.id, producerId, rtpCapabilities });
    if (offer) addTrack(from, (await receiving.consume(offer)).track, { producerId });
  }

  // The camera goes on when this call ends with its socket.
  for (const track of camera.getTracks()) await sending.produce({ track, stopTracks: false });
  for (const producer of await socket.emitWithAck("producers")) await show(producer);
  return {
    show,
    close() {
      sending.close();
      receiving.close();
    },
  };
}

async function open(device, direction) {
  const offer = await socket.emitWithAck("createTransport");
  const transport = direction === "send" ? device.createSendTransport(offer) : device.createRecvTransport(offer);
  transport.on("connect", ({ dtlsParameters }, done) => {
    socket.emit("connectTransport", { id: offer.id, dtlsParameters }, done);
  });
  transport.on("produce", ({ kind, rtpParameters }, done) => {
    socket.emit("produce", { id: offer.id, kind, rtpParameters }, (id) => done({ id }));
  });
  return transport;
}
