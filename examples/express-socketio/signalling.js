/** The product's own signalling: in its one room everybody hears and sees everybody. */

const WEBRTC = { listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }], iceConsentTimeout: 10 };

/** @param room what all sockets share: `router`, and `producers` by their ids */
export function signal(socket, { router, producers }) {
  const transports = new Map();

  socket.on("createTransport", async (done) => {
    // The session is Lastseen's part. The transport stays when the socket breaks: Lastseen closes it when the person is gone.
    const { sessionId } = socket.data;
    const transport = await router.createWebRtcTransport({ ...WEBRTC, appData: { sessionId } });
    transports.set(transport.id, transport);
    transport.observer.once("close", () => transports.delete(transport.id));
    const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
    done({ id, iceParameters, iceCandidates, dtlsParameters });
  });

  socket.on("connectTransport", async ({ id, dtlsParameters }, done) => {
    await transports.get(id)?.connect({ dtlsParameters });
    done();
  });

  socket.on("produce", async ({ id, kind, rtpParameters }, done) => {
    const { userId } = socket.data;
    const producer = await transports.get(id)?.produce({ kind, rtpParameters, appData: { userId } });
    if (!producer) return done();
    producers.set(producer.id, producer);
    producer.observer.once("close", () => {
      producers.delete(producer.id);
      socket.nsp.emit("producerClosed", producer.id);
    });
    socket.broadcast.emit("producer", describe(producer));
    done(producer.id);
  });

  socket.on("producers", (done) => {
    const others = [...producers.values()].filter(({ appData }) => appData.userId !== socket.data.userId);
    done(others.map(describe));
  });

  socket.on("consume", async ({ id, producerId, rtpCapabilities }, done) => {
    // It may be gone since the page has heard of it.
    if (!producers.has(producerId)) return done();
    const consumer = await transports.get(id)?.consume({ producerId, rtpCapabilities });
    done(consumer && { id: consumer.id, producerId, kind: consumer.kind, rtpParameters: consumer.rtpParameters });
  });
}

function describe({ id, appData }) {
  return { producerId: id, userId: appData.userId };
}
