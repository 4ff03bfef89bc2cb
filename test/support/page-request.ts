import { request, type OutgoingHttpHeaders } from "node:http";

/**
 * Sends a request with any headers, also with those that `fetch` writes itself (`Host`, `Origin`, `Sec-Fetch-Site`), as a browser
 * would for a page.
 */
export function pageRequest(
  port: number,
  path: string,
  { method = "GET", headers = {}, body = "" }: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", path, method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
