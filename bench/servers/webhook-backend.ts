/**
 * A backend that needs a fixed time for each request, whatever is in it. It answers `GET` with what it has received: events,
 * requests, and events that came before an older one of the same call.
 */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

/** What this backend reads of an event. */
interface Event {
  readonly type: string;
  readonly callId?: string;
  readonly sequence: number;
}

type Message = Event | { readonly type: "batch"; readonly data: { readonly events: readonly Event[] } };

const answerMs = Number(process.env["ANSWER_MS"]);
const received = { events: 0, requests: 0, misordered: 0 };
const latest = new Map<string, number>();

const server = createServer((request, response) => {
  if (request.method === "GET") {
    response.end(JSON.stringify(received));
    return;
  }
  void text(request).then((body) => {
    const message = JSON.parse(body) as Message;
    received.requests += 1;
    for (const event of "data" in message ? message.data.events : [message]) take(event);
    setTimeout(() => response.writeHead(204).end(), answerMs);
  });
});
server.listen(Number(process.env["PORT"]), "127.0.0.1", () => process.send?.("ready"));

function take({ callId = "", sequence }: Event): void {
  received.events += 1;
  if (sequence < (latest.get(callId) ?? 0)) received.misordered += 1;
  latest.set(callId, sequence);
}
