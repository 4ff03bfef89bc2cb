import { request, type OutgoingHttpHeaders } from "node:http";

/**
 * Sends a request with any headers, also with those that `fetch` writes itself (`Host`, `Origin`, `Sec-Fetch-Site`), as a browser
 * would for a page.
 *
 * @param options `from`: the client's own address; Linux accepts all of 127.0.0.0/8
 */
export function pageRequest(
  port: number,
  path: string,
  options: { method?: string; headers?: OutgoingHttpHeaders; body?: string; from?: string } = {},
): Promise<{ status: number; body: string }> {
  const { method = "GET", headers = {}, body = "", from } = options;
  const localAddress = from === undefined ? {} : { localAddress: from };
  return new Promise((resolve, reject) => {
    const target = { port, host: "127.0.0.1", path, method, headers, agent: false, ...localAddress };
    const sent = request(target, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
