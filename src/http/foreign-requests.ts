/**
 * Without `ADMIN_TOKEN` everybody who reaches the port may use the operators' API, and every page that is open in a browser on
 * this machine reaches the port. The hook here refuses two kinds of pages: a page of another origin that sends requests without
 * reading the answers (CSRF), and a page whose name was made to lead to this machine after it was loaded (DNS rebinding). A
 * request with a bearer token needs neither check, because a foreign page does not know the token.
 */
import { isIP } from "node:net";
import type { IncomingHttpHeaders } from "node:http";
import type { onRequestAsyncHookHandler } from "fastify";
import type { Refusals } from "../kernel/refusals.js";
import { HttpRefusal } from "./http-refusal.js";
import { shown } from "./shown.js";

/** The names that the settings give to this service and to its pages. */
export interface OwnNames {
  /** @param name a host name in lower case, without a port */
  isHost(name: string): boolean;
  /** @param origin the value of an `Origin` header */
  isOrigin(origin: string): boolean;
}

const MEND = "Set ADMIN_TOKEN and send it as Authorization: Bearer <token>";

/** A hook that refuses the requests of foreign pages. Programs that are not browsers (curl, PowerShell) are let in. */
export function refuseForeignRequests(options: { ownNames: OwnNames; refusals: Refusals }): onRequestAsyncHookHandler {
  return async (request) => {
    const problem = problemOfHeaders(request.headers, options.ownNames);
    if (problem === undefined) return;
    options.refusals.count("foreign", request.ip);
    throw new HttpRefusal("forbidden", problem, { mend: `${MEND}.` });
  };
}

/**
 * Which header tells that a foreign page sent the request, and how to mend it.
 *
 * @returns undefined when no header does
 */
export function problemOfHeaders(headers: IncomingHttpHeaders, own: OwnNames): string | undefined {
  const { host, origin, "sec-fetch-site": site } = headers;
  if (host !== undefined && !isOwnHost(host, own)) {
    return `The header Host has ${quoted(host)}, which is no name of this service. ${MEND}, or name this host in PUBLIC_URL or CORS_ORIGIN.`;
  }
  // Only the browser itself writes this header. "none": a person opened the address.
  if (site === "same-origin" || site === "none") return undefined;
  if (origin !== undefined) {
    if (isOwnOrigin(origin, host, own)) return undefined;
    return `The header Origin has ${quoted(origin)}: a page of this origin may not use the API. ${MEND}, or name the origin in CORS_ORIGIN.`;
  }
  if (site !== "cross-site") return undefined;
  return `The header Sec-Fetch-Site has "cross-site": a page of another site may not use the API. ${MEND}, or open the address yourself.`;
}

/** An IP address cannot be made to lead elsewhere, so only names count. */
function isOwnHost(host: string, own: OwnNames): boolean {
  if (/[@/?#\\%]/.test(host)) return false;
  const name = nameIn(`http://${host}`);
  return name !== undefined && (isLoopback(name) || isIP(withoutBrackets(name)) !== 0 || own.isHost(name));
}

function isOwnOrigin(origin: string, host: string | undefined, own: OwnNames): boolean {
  if (own.isOrigin(origin)) return true;
  const name = /^https?:/.test(origin) ? nameIn(origin) : undefined;
  if (name === undefined) return false;
  return isLoopback(name) || origin.replace(/^https?:\/\//, "") === host?.toLowerCase();
}

/** Whether a name leads to this machine, whatever a DNS server says (RFC 6761). */
function isLoopback(name: string): boolean {
  if (name === "localhost" || name.endsWith(".localhost") || name === "[::1]") return true;
  return isIP(name) === 4 && name.startsWith("127.");
}

/**
 * The host name in a URL as URLs spell it: in lower case, IP addresses in their usual form. It does not ask `URL.canParse`: once V8
 * has optimized that, Node 20 reads the bytes of a header as UTF-8 there and allows what `new URL` refuses.
 */
function nameIn(url: string): string | undefined {
  try {
    return new URL(url).hostname.replace(/\.$/, "");
  } catch {
    return undefined;
  }
}

function withoutBrackets(name: string): string {
  return name.replace(/^\[(.*)\]$/, "$1");
}

function quoted(text: string): string {
  return JSON.stringify(shown(text));
}
