/**
 * People in rooms, in their own process that can be killed. Each opens a socket, says hello, joins and makes a transport. The
 * process tells its parent when all have joined. Live clients continue to ping and count the events that they receive.
 *
 *     node crowd.ts <ws url> <how many> <people per room> <transports each> <"live"|"doomed">
 */
import { WebSocket } from "ws";
import type { EventData } from "@lastseen/protocol";

const PING_INTERVAL_MS = 5_000;
/** Number of clients that say hello at the same time. */
const AT_ONCE = 100;

/** The report of a crowd to its parent. */
export interface CrowdReport {
  /** Milliseconds from a ping to its pong, since the last report. */
  roundTrips: number[];
  /** Sessions that the others were told to have left, with how often each. */
  left: [sessionId: string, times: number][];
  /** Sockets of the living that have ended. */
  lost: number;
}

const [url = "", count = "0", perRoom = "1", transports = "0", kind = "live"] = process.argv.slice(2);
const left = new Map<string, number>();
let roundTrips: number[] = [];
let lost = 0;

interface Frame {
  id?: number;
  ok?: boolean;
  type?: string;
  data?: unknown;
}

async function enter(index: number): Promise<void> {
  const socket = new WebSocket(url, "lastseen.v1");
  const replies = new Map<number, (frame: Frame) => void>();
  let pingedAt = 0;
  socket.on("message", (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as Frame;
    if (frame.type === "pong") roundTrips.push(performance.now() - pingedAt);
    else if (frame.type === "probe") socket.send('{"type":"ping"}');
    else if (frame.type === "user_left") {
      const { sessionId } = frame.data as EventData<"user_left">;
      left.set(sessionId, (left.get(sessionId) ?? 0) + 1);
    } else if (frame.id !== undefined) replies.get(frame.id)?.(frame);
  });
  socket.on("close", () => (lost += 1));
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  let lastId = 0;
  const ask = (type: string, data: object): Promise<void> =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      replies.set(id, ({ ok, ...rest }) => (ok ? resolve() : reject(new Error(JSON.stringify(rest)))));
      socket.send(JSON.stringify({ id, type, data }));
    });
  const user = `${kind}-${index}`;
  await ask("hello", { tabId: user, user: { id: user } });
  await ask("join", { roomId: `room-${Math.floor(index / Number(perRoom))}` });
  for (let made = 0; made < Number(transports); made += 1) await ask("createTransport", { direction: "send" });
  if (kind !== "live") return;
  const ping = (): void => {
    pingedAt = performance.now();
    socket.send('{"type":"ping"}');
  };
  // Evenly over the interval, as the pings of people are.
  setTimeout(() => setInterval(ping, PING_INTERVAL_MS), (index / Number(count)) * PING_INTERVAL_MS);
}

let next = 0;
const line = async (): Promise<void> => {
  while (next < Number(count)) await enter(next++);
};
await Promise.all(Array.from({ length: AT_ONCE }, line));
process.on("message", () => {
  process.send?.({ roundTrips, left: [...left], lost } satisfies CrowdReport);
  roundTrips = [];
});
process.send?.("ready");
