/** Who this tab is, also after a reload. A real product gives its page a token instead; see `getToken`. */
export interface Identity {
  readonly id: string;
  readonly name: string;
}

const KEY = "react-call";

/** The service is on the page's own host, unless the build says otherwise. */
export const SERVICE_URL: string = import.meta.env["VITE_LASTSEEN_URL"] ?? `http://${location.hostname}:3001`;

/** "Ada Lovelace" can be called as `ada-lovelace`. */
export function identityOf(name: string): Identity {
  const id = name.trim().toLowerCase().replaceAll(/\s+/g, "-");
  return { id, name: name.trim() };
}

/** From `?name=`, or what {@link remember} kept. */
export function recall(): Identity | undefined {
  const name = new URLSearchParams(location.search).get("name") ?? stored();
  return name?.trim() ? identityOf(name) : undefined;
}

export function remember({ name }: Identity): void {
  try {
    sessionStorage.setItem(KEY, name);
  } catch {
    // The user forbids storage: after a reload the page asks again.
  }
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
