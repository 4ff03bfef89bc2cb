import type { Page } from "playwright-core";

/** What a page has opened and not closed again. */
export interface Held {
  liveTracks: number;
  peerConnections: number;
  /** `video` and `audio` elements with a source. */
  pictures: number;
  timers: number;
  sockets: number;
}

declare global {
  interface Window {
    held?: () => Held;
  }
}

/** Runs in the page before everything else and counts from then on. Self-contained: it is sent there as text. */
export function countWhatIsHeld(): void {
  const peers: RTCPeerConnection[] = [];
  const sockets: WebSocket[] = [];
  const tracks: MediaStreamTrack[] = [];
  const timers = new Set<number>();

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      peers.push(this);
    }
  };
  window.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      sockets.push(this);
    }
  };
  const { mediaDevices } = navigator;
  const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    tracks.push(...stream.getTracks());
    return stream;
  };
  const start = window.setTimeout.bind(window);
  const startInterval = window.setInterval.bind(window);
  const stop = window.clearTimeout.bind(window);
  const setTimer = (run: () => void, ms?: number): number => {
    const id = start(() => {
      timers.delete(id);
      run();
    }, ms);
    timers.add(id);
    return id;
  };
  const setRepeating = (run: () => void, ms?: number): number => {
    const id = startInterval(run, ms);
    timers.add(id);
    return id;
  };
  const clear = (id?: number): void => {
    if (id !== undefined) timers.delete(id);
    stop(id);
  };
  Object.assign(window, { setTimeout: setTimer, setInterval: setRepeating, clearTimeout: clear, clearInterval: clear });

  window.held = () => ({
    liveTracks: tracks.filter(({ readyState }) => readyState === "live").length,
    peerConnections: peers.filter(({ connectionState }) => connectionState !== "closed").length,
    pictures: [...document.querySelectorAll("video, audio")].filter(
      (element) => element instanceof HTMLMediaElement && element.srcObject !== null,
    ).length,
    timers: timers.size,
    sockets: sockets.filter(({ readyState }) => readyState !== WebSocket.CLOSED).length,
  });
}

export async function whatIsHeld(page: Page): Promise<Held> {
  const held = await page.evaluate(() => window.held?.());
  if (!held) throw new Error("this page does not count: open it with countWhatIsHeld");
  return held;
}

/** What playwright listens to by itself while it clicks for a test. */
const PLAYWRIGHTS = /^(mouse|pointer|touch|click$|auxclick$|dblclick$|contextmenu$|__playwright)/;

/** Types of the events that the page itself listens to on its window and document. */
export async function pageListeners(page: Page): Promise<string[]> {
  const cdp = await page.context().newCDPSession(page);
  const types: string[] = [];
  for (const expression of ["window", "document"]) {
    const { result } = await cdp.send("Runtime.evaluate", { expression });
    const { listeners } = await cdp.send("DOMDebugger.getEventListeners", { objectId: result.objectId ?? "" });
    types.push(...listeners.map(({ type }) => type).filter((type) => !PLAYWRIGHTS.test(type)));
  }
  await cdp.detach();
  return types;
}
