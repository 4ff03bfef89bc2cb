/** The origins in a comma-separated list. */
export function listOrigins(list: string | undefined): string[] {
  return (list ?? "")
    .split(",")
    .map((origin) => origin.trim())
    .filter((origin) => origin !== "");
}

/** Whether the text is an origin as a browser sends it: scheme, host and perhaps a port, nothing after it. */
export function isOrigin(text: string): boolean {
  try {
    return new URL(text).origin === text;
  } catch {
    return false;
  }
}
