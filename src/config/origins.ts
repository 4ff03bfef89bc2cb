/** The origins in a comma-separated list. */
export function listOrigins(list: string | undefined): string[] {
  return (list ?? "")
    .split(",")
    .map((origin) => origin.trim())
    .filter((origin) => origin !== "");
}

/** Where the demo page is found on this machine; nowhere with port 0, which is no page. */
export function originsOfPage(webPort: number): string[] {
  return webPort === 0 ? [] : ["localhost", "127.0.0.1"].map((host) => new URL(`http://${host}:${webPort}`).origin);
}

/** Whether the text is an origin as a browser sends it: scheme, host and perhaps a port, nothing after it. */
export function isOrigin(text: string): boolean {
  try {
    return new URL(text).origin === text;
  } catch {
    return false;
  }
}
