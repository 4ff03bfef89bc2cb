/** The origins in a comma-separated list. */
export function listOrigins(list: string | undefined): string[] {
  return (list ?? "")
    .split(",")
    .map((origin) => origin.trim())
    .filter((origin) => origin !== "");
}

/** The origins of the demo page on this machine. With port 0 there is no page and no origin. */
export function originsOfPage(webPort: number): string[] {
  return webPort === 0 ? [] : ["localhost", "127.0.0.1"].map((host) => new URL(`http://${host}:${webPort}`).origin);
}

/** Whether the text is an origin as a browser sends it: scheme, host, perhaps a port, and nothing else. */
export function isOrigin(text: string): boolean {
  try {
    return new URL(text).origin === text;
  } catch {
    return false;
  }
}
