/** The demo page: lobby, meeting or telephone, and what comes after it. */
import { signal } from "@preact/signals";
import type { LastseenClient } from "@lastseen/client";
import type { LastseenMedia } from "@lastseen/client/media";
import { render } from "preact";
import { EndPage, endOf, type End } from "./end-page.js";
import { Lobby } from "./lobby.js";
import { openTracks, type LocalTracks } from "./local-tracks.js";
import { MeetingPage } from "./meeting.js";
import { MeetingStore } from "./meeting-store.js";
import { PhonePage } from "./phone.js";
import { PhoneStore } from "./phone-store.js";
import {
  findService,
  forgetMeeting,
  meetingIsElsewhere,
  meetingOfThisTab,
  rememberMeeting,
  roomIdFor,
  settingsFrom,
  userIdFor,
  type Meeting,
} from "./settings.js";

declare global {
  interface Window {
    /** For tests, and for people who look into the console: the parts of the present or last meeting. */
    lastseen?: { client: LastseenClient; media: LastseenMedia };
  }
}

type View =
  | { readonly kind: "lobby" }
  | { readonly kind: "meeting"; readonly store: MeetingStore }
  | { readonly kind: "phone"; readonly store: PhoneStore }
  | { readonly kind: "end"; readonly end: End; readonly again: () => void; readonly home: () => void };

const settings = settingsFrom(location.search);
const view = signal<View | undefined>(undefined);

function App({ service }: { service: string }) {
  const shown = view.value;
  switch (shown?.kind) {
    case "lobby":
      return <Lobby settings={settings} join={({ meeting, tracks }) => openMeeting(service, meeting, tracks)} />;
    case "meeting":
      return <MeetingPage store={shown.store} />;
    case "phone":
      return <PhonePage store={shown.store} />;
    case "end":
      return <EndPage end={shown.end} again={shown.again} home={shown.home} />;
    default:
      return null;
  }
}

function Failure({ error }: { error: string }) {
  return (
    <main class="end">
      <section class="card">
        <h1>The page could not start</h1>
        <p class="lead">{error}</p>
      </section>
    </main>
  );
}

function openMeeting(service: string, meeting: Meeting, tracks: LocalTracks): void {
  rememberMeeting(meeting);
  nameInAddress(meeting.room);
  const ended = (reason: string, why?: string): void => {
    if (reason === "transferred") meetingIsElsewhere();
    else forgetMeeting();
    view.value = {
      kind: "end",
      end: endOf(reason, why),
      again: () => void openOwnTracks().then((again) => openMeeting(service, meeting, again)),
      home: () => (view.value = { kind: "lobby" }),
    };
  };
  const store = new MeetingStore({ service, meeting, tracks, settings, ended });
  window.lastseen = { client: store.client, media: store.media };
  document.title = `${meeting.room} · Lastseen`;
  view.value = { kind: "meeting", store };
}

/** Each tab is another user, unless the address says which. */
function openPhone(service: string): void {
  const id = settings.user ?? (settings.name || `user-${crypto.getRandomValues(new Uint16Array(1))[0]}`);
  const user = { id: roomIdFor(id), name: settings.name || id };
  const here = new URLSearchParams(location.search);
  here.set("user", user.id);
  history.replaceState(null, "", `?${here.toString()}`);
  const ended = (reason: string): void => {
    const again = (): void => openPhone(service);
    view.value = { kind: "end", end: endOf(reason), again, home: () => location.assign("./") };
  };
  const store = new PhoneStore({ service, user, settings, ended });
  window.lastseen = { client: store.client, media: store.media };
  document.title = `${user.name} · Lastseen`;
  view.value = { kind: "phone", store };
}

function openOwnTracks(): Promise<LocalTracks> {
  return openTracks({ mic: settings.mic, camera: settings.camera, fake: settings.fake });
}

/** Whether the address names another room than the one that the tab was in: a link was followed, not a reload. */
function namesAnother(before: Meeting): boolean {
  return settings.room !== "" && roomIdFor(settings.room) !== before.room;
}

/** Where the address names a room, it now names the one that was chosen in the lobby, so that a reload leads back there. */
function nameInAddress(room: string): void {
  const here = new URLSearchParams(location.search);
  if (!here.get("room")) return;
  here.set("room", room);
  history.replaceState(null, "", `?${here.toString()}`);
}

async function start(root: Element): Promise<void> {
  const service = await findService();
  render(<App service={service} />, root);
  if (settings.phone) {
    openPhone(service);
    return;
  }
  const before = meetingOfThisTab();
  if (before && !namesAnother(before)) openMeeting(service, before, await openOwnTracks());
  else if (settings.autojoin) {
    const name = settings.name || "Guest";
    const meeting = { room: roomIdFor(settings.room || "daily"), name, userId: settings.user ?? userIdFor(name) };
    openMeeting(service, meeting, await openOwnTracks());
  } else view.value = { kind: "lobby" };
}

const root = document.querySelector("#app") ?? document.body;
start(root).catch((error: unknown) => render(<Failure error={String(error)} />, root));
