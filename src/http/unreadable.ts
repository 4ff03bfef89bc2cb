import type { Socket } from "node:net";
import { STATUS_CODES } from "node:http";
import { PROBLEM_TYPE, problemOf } from "@lastseen/protocol/http";

/** Node's error codes for requests that it cannot read, with the status of the answer. All others get 400. */
const STATUS_OF: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

/** Answers a broken HTTP request in the form of all other refusals, and ends the connection. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF[error.code ?? ""] ?? 400;
  const body = JSON.stringify(problemOf("bad_message", "This is not a readable HTTP request.", { status }));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "connection: close",
    `content-type: ${PROBLEM_TYPE}; charset=utf-8`,
    "x-content-type-options: nosniff",
    "cache-control: no-store",
    `content-length: ${body.length}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
