import { connect } from "@lastseen/client";
import { WebSocket } from "ws";

/** @type {import("./types.js").Enter} */
export async function enter({ url, room, name, tell, storage }) {
  const client = connect({ url, user: { id: name, name }, environment: environmentOf(storage), log: false });
  const joined = ({ sessionId, name: person }) => tell({ event: "joined", id: sessionId, name: person });
  client.on("roster", ({ added, removed }) => {
    added.forEach(joined);
    for (const { sessionId } of removed) tell({ event: "left", id: sessionId });
  });
  client.on("user_away", ({ sessionId }) => tell({ event: "away", id: sessionId }));
  client.on("user_back", ({ sessionId }) => tell({ event: "back", id: sessionId }));
  await client.join(room);
  return { leave: () => client.disconnect() };
}

/** What a browser has and Node lacks. `storage` outlives a reload, as `sessionStorage` does. */
function environmentOf(storage) {
  return {
    openSocket: (url, protocol) => new WebSocket(url, protocol).on("error", () => {}),
    page: { visibility: "visible", listen: () => () => {}, askBeforeClosing: () => () => {}, beacon: () => false },
    storage: { get: (key) => storage.get(key) ?? null, set: (key, value) => storage.set(key, value) },
    locks: { hold: () => Promise.resolve(() => {}), whenFree: () => new Promise(() => {}) },
    openChannel: () => ({ post: () => {}, close: () => {} }),
  };
}
