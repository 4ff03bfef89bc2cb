/** What the page knows from its address, its server and the browser's storage. */
import { browserStorage, tabStorage } from "./site-storage.js";

export interface Settings {
  readonly room: string;
  readonly name: string;
  /** A fixed user id. Without it, the page makes one from the name and a number for this browser. */
  readonly user: string | undefined;
  readonly autojoin: boolean;
  /** Calls between two users instead of a room. */
  readonly phone: boolean;
  /** Synthetic picture and sound instead of devices. */
  readonly fake: boolean;
  readonly mic: boolean;
  readonly camera: boolean;
  /** How often the page asks for the roster while it is visible, ms; 0: never. */
  readonly pollMs: number;
  /** Whether the browser asks the user before it closes the page during a call. */
  readonly ask: boolean;
}

const POLL_MS = 5_000;

/** Reads `?room=&name=&user=&autojoin=1&phone=1&fake=1&mic=0&camera=0&poll=0&ask=1`. */
export function settingsFrom(search: string): Settings {
  const query = new URLSearchParams(search);
  const on = (name: string) => query.has(name) && query.get(name) !== "0";
  return {
    room: query.get("room") ?? "",
    name: query.get("name") ?? "",
    user: query.get("user") ?? undefined,
    autojoin: on("autojoin"),
    phone: on("phone"),
    fake: on("fake"),
    mic: query.get("mic") !== "0",
    camera: query.get("camera") !== "0",
    pollMs: query.has("poll") ? Number(query.get("poll")) : POLL_MS,
    ask: on("ask"),
  };
}

/** Where the service is, as the page's own server says. */
export async function findService(): Promise<string> {
  const response = await fetch("config.json");
  if (!response.ok) throw new Error(`config.json: HTTP ${response.status}`);
  const { serviceUrl, servicePort } = (await response.json()) as { serviceUrl: string | null; servicePort: number };
  return serviceUrl ?? `${location.protocol}//${location.hostname}:${servicePort}`;
}

/** The meeting that this tab is in, or that this browser was in last. */
export interface Meeting {
  readonly room: string;
  readonly name: string;
  readonly userId: string;
}

const HERE = "lastseen.demo.meeting";
const LAST = "lastseen.demo.last";
const BROWSER = "lastseen.demo.browser";

/** The tab is in this meeting. After a reload it enters it again by itself. */
export function rememberMeeting(meeting: Meeting): void {
  tabStorage.set(HERE, JSON.stringify(meeting));
  browserStorage.set(LAST, JSON.stringify(meeting));
}

/** The user left on purpose. */
export function forgetMeeting(): void {
  tabStorage.remove(HERE);
  browserStorage.remove(LAST);
}

/** Another tab has taken the meeting over: this tab does not enter it again by itself. */
export function meetingIsElsewhere(): void {
  tabStorage.remove(HERE);
}

export function meetingOfThisTab(): Meeting | undefined {
  return parse(tabStorage.get(HERE));
}

/** A meeting that nobody left on purpose, for example because the window was closed. */
export function unfinishedMeeting(): Meeting | undefined {
  return parse(browserStorage.get(LAST));
}

/**
 * The same name in the same browser is the same user, so that a second tab takes the meeting over; another name is
 * another user, so that one person can try a call alone.
 */
export function userIdFor(name: string): string {
  let browser = browserStorage.get(BROWSER);
  if (!browser) {
    browser = String(crypto.getRandomValues(new Uint32Array(1))[0]);
    browserStorage.set(BROWSER, browser);
  }
  const slug = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 32);
  return `${slug || "user"}-${hash(`${name}|${browser}`).toString(36)}`;
}

/** FNV-1a, 32 bits. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return value;
}

/** Makes an id of what somebody typed. It stays as it is, without what the protocol does not allow in ids. */
export function roomIdFor(name: string): string {
  const allowed = name.replace(/[\p{Control}\p{Bidi_Control}\p{Surrogate}\u2028\u2029]/gu, "").trim();
  const id = Array.from(allowed).slice(0, 128).join("").trim();
  const isVisible = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]/u.test(id);
  return isVisible && id !== "." && id !== ".." ? id : `room-${hash(name).toString(36)}`;
}

function parse(text: string | null): Meeting | undefined {
  if (!text) return undefined;
  try {
    const { room, name, userId } = JSON.parse(text) as Partial<Meeting>;
    return room && name && userId ? { room, name, userId } : undefined;
  } catch {
    return undefined;
  }
}
