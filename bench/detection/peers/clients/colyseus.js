import { Client } from "colyseus.js";

/** How long the application waits before it joins again; this version of the library does not reconnect by itself. */
const AGAIN_MS = 1_000;

/** @type {import("./types.js").Enter} */
export async function enter({ url, room: name, name: person, tell }) {
  const client = new Client(url);
  let room;
  let wanted = true;
  const again = () => {
    if (wanted) setTimeout(() => void join().catch(again), AGAIN_MS);
  };
  const join = async () => {
    room = await client.joinOrCreate("presence", { room: name, name: person });
    room.onMessage("people", (people) => tell({ event: "people", people }));
    room.onMessage("joined", (one) => tell({ event: "joined", ...one }));
    room.onMessage("left", (one) => tell({ event: "left", ...one }));
    room.onError(() => {});
    room.onLeave(again);
  };
  await join();
  return {
    leave() {
      wanted = false;
      return room.leave();
    },
  };
}
