import { connect } from "node:net";

export interface RawAnswer {
  /** 0 when the service ended the connection without an answer. */
  status: number;
  body: string;
}

/**
 * Sends a request that no HTTP library would send, and reads the answer to its end.
 *
 * @param request its parts as they stand in the request; the body is UTF-8
 */
export function answerTo(
  port: number,
  { method, path, headers, body }: { method: string; path: string; headers: readonly [string, string][]; body: string },
): Promise<RawAnswer> {
  const length = Buffer.byteLength(body);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(headers.some(([name]) => name === "host") ? [] : ["host: localhost"]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(length > 0 ? [`content-length: ${length}`] : []),
    "connection: close",
  ];
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const received: Buffer[] = [];
    const ended = (): void => resolve(read(Buffer.concat(received).toString("latin1")));
    socket.setTimeout(20_000, () => {
      socket.destroy();
      reject(new Error(`no answer to ${method} ${path}`));
    });
    socket.on("data", (chunk: Buffer) => received.push(chunk));
    // The service may end the connection while the request is still on its way.
    socket.once("error", ended);
    socket.once("close", ended);
    socket.write(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), Buffer.from(body)]));
  });
}

/** The first answer counts. "100 Continue" may come before it, and the complaint about an unreadable body after it. */
function read(text: string): RawAnswer {
  const [, status, rest = ""] = /^(?:HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 (\d{3}) (.*)$/s.exec(text) ?? [];
  const body = rest.slice(rest.indexOf("\r\n\r\n") + 4);
  const [, length] = /content-length: (\d+)/i.exec(rest) ?? [];
  return { status: Number(status ?? 0), body: length === undefined ? unchunked(body) : body.slice(0, Number(length)) };
}

function unchunked(text: string): string {
  const end = text.indexOf("\r\n");
  const length = parseInt(text.slice(0, end), 16);
  return length > 0 ? text.slice(end + 2, end + 2 + length) + unchunked(text.slice(end + 4 + length)) : "";
}
