/** The origins of the demo page on this machine. With port 0 there is no page and no origin. */
export function originsOfPage(webPort: number): string[] {
  return webPort === 0 ? [] : ["localhost", "127.0.0.1"].map((host) => new URL(`http://${host}:${webPort}`).origin);
}

/** An entry for all subdomains: scheme, then the domain with its port. */
const SUBDOMAINS = /^(https?:\/\/)\*(\..+)$/;
/** What a browser writes before the domain: labels with dots between them, in lower case. */
const LABELS = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/**
 * Compiles the origins that may connect into one test for the value of an `Origin` header.
 *
 * @param entries of `CORS_ORIGIN`: origins, `https://*.example.com` for all subdomains but not the domain itself, or `*`
 * @param urls addresses of the service; their origins are let in too
 */
export function originMatcher(
  entries: readonly string[],
  urls: readonly (string | undefined)[] = [],
): (origin: string) => boolean {
  if (entries.includes("*")) return () => true;
  const exact = new Set(entries);
  for (const url of urls) if (url !== undefined && URL.canParse(url)) exact.add(new URL(url).origin);
  const domains = entries.flatMap((entry) => {
    const [, scheme, domain] = SUBDOMAINS.exec(entry) ?? [];
    return scheme !== undefined && domain !== undefined ? [{ scheme, domain }] : [];
  });
  return (origin) =>
    exact.has(origin) ||
    domains.some(
      ({ scheme, domain }) =>
        origin.startsWith(scheme) &&
        origin.endsWith(domain) &&
        LABELS.test(origin.slice(scheme.length, -domain.length)),
    );
}

/** The entries that name somebody. Any page can be a page without an origin (`null`), and `*` is every page. */
export function namedOrigins(entries: readonly string[]): string[] {
  return entries.filter((entry) => entry !== "*" && entry !== "null");
}

/**
 * Compiles the host names in origins and URLs into one test for a host name in lower case, without a port.
 *
 * @param entries as {@link originMatcher} takes them; those without a host name on the Web do not count
 */
export function hostMatcher(
  entries: readonly string[],
  urls: readonly (string | undefined)[] = [],
): (name: string) => boolean {
  const webUrls = [...entries, ...urls].filter(
    (url) => url !== undefined && /^https?:/i.test(url) && URL.canParse(url),
  );
  const isOrigin = originMatcher(webUrls.map((url) => `http://${new URL(String(url)).hostname}`));
  return (name) => isOrigin(`http://${name}`);
}
