import { HubConnectionBuilder, LogLevel } from "@microsoft/signalr";

/** How long the application waits before it starts again after the library's own attempts. */
const AGAIN_MS = 1_000;

/** @type {import("./types.js").Enter} */
export async function enter({ url, room, name, tell }) {
  const connection = new HubConnectionBuilder()
    .withUrl(`${url}/presence`)
    .withAutomaticReconnect()
    .configureLogging(LogLevel.None)
    .build();
  let wanted = true;
  const join = async () => {
    tell({ event: "people", people: await connection.invoke("Join", room, name) });
  };
  const again = () => {
    if (wanted) setTimeout(() => void connection.start().then(join).catch(again), AGAIN_MS);
  };
  connection.on("joined", (person) => tell({ event: "joined", ...person }));
  connection.on("left", (person) => tell({ event: "left", ...person }));
  connection.onreconnected(() => void join().catch(() => {}));
  connection.onclose(again);
  await connection.start();
  await join();
  return {
    leave() {
      wanted = false;
      return connection.stop();
    },
  };
}
