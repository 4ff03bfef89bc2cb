/** A program that joins a room without media and pings: `node quiet-client.ts <ws url> <user> <room>`. */
import { TestClient } from "../../support/test-client.js";

const [url = "", userId = "", roomId = ""] = process.argv.slice(2);
const client = await TestClient.open(url);
const { heartbeat } = await client.request("hello", { tabId: userId, user: { id: userId } });
await client.request("join", { roomId });
setInterval(() => client.send({ type: "ping" }), heartbeat.intervalMs);
