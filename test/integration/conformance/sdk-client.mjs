/** The client that `@lastseen/client` makes, as the program under test. `node sdk-client.mjs URL` */
import { connect } from "@lastseen/client";
import { headlessEnvironment } from "@lastseen/client/headless";
import { WebSocket } from "ws";

const client = connect({
  url: process.argv[2],
  getToken: async () => (await fetch(process.env.LASTSEEN_TOKEN_URL)).text(),
  environment: headlessEnvironment({ WebSocket }),
});

client.on("call", ({ call }) => {
  if (call?.state !== "ringing" || call.direction !== "incoming") return;
  void client.calls
    .accept()
    .then(() => client.leave())
    .then(() => client.join(call.roomId));
});
process.once("SIGTERM", () => void client.disconnect().finally(() => process.exit()));
await client.join(process.env.LASTSEEN_ROOM);
setInterval(() => {}, 60_000);
