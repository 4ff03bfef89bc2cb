const WEB = /^(?:https?|wss?):/i;
const APP = /^[a-z][a-z0-9+.-]*:\/\//i;
/** Takes the place of `*` while the rest of an entry is read as a URL. */
const ANY = "any-subdomain.";
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)$/;

/**
 * Why an entry of `CORS_ORIGIN` can never match what a browser sends, and how to mend it.
 *
 * @returns undefined when the entry can match
 */
export function faultOfOrigin(entry: string): string | undefined {
  if (entry === "*" || entry === "null" || entry === "file://") return undefined;
  const right = rightOrigin(entry) ?? (entry.includes("://") ? undefined : rightOrigin(`https://${entry}`));
  if (entry.includes("*") && !/^[^*]*:\/\/\*\.[^*]+$/.test(entry) && !/^\*\.[^*]+$/.test(entry)) {
    return "the * may only stand for a subdomain: write https://*.example.com, or * alone for every page";
  }
  if (right === entry) return undefined;
  if (right === undefined) return "this is not an origin: write scheme and host, for example https://app.example";
  return `browsers never send this: write ${right}`;
}

/** The entry as a browser spells it, or undefined when it has no scheme or no host. */
function rightOrigin(entry: string): string | undefined {
  if (/[\s;"'\\]/.test(entry)) return undefined;
  if (/^null$/i.test(entry)) return "null";
  if (/^(?:file|data|blob|about):/i.test(entry)) return "null";
  if (WEB.test(entry)) return webOrigin(entry);
  if (!APP.test(entry) || entry.includes("*") || !URL.canParse(entry)) return undefined;
  const { protocol, host } = new URL(entry);
  return host === "" ? undefined : `${protocol}//${host.toLowerCase()}`;
}

function webOrigin(entry: string): string | undefined {
  const text = entry.replace(/^ws/i, "http").replace("//*.", `//${ANY}`);
  if (!URL.canParse(text)) return undefined;
  const { origin, hostname } = new URL(text);
  if (!HOST.test(hostname)) return undefined;
  return origin.replace(`//${ANY}`, "//*.");
}
