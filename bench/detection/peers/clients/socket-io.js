import { io } from "socket.io-client";

/** @type {import("./types.js").Enter} */
export async function enter({ url, room, name, tell }) {
  const socket = io(url, { auth: { room, name }, forceNew: true });
  socket.on("people", (people) => tell({ event: "people", people }));
  socket.on("joined", (person) => tell({ event: "joined", ...person }));
  socket.on("left", (person) => tell({ event: "left", ...person }));
  await new Promise((resolve) => socket.once("connect", resolve));
  return { leave: () => socket.disconnect() };
}
