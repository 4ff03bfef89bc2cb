/** The demo page: lobby, meeting, and what comes after it. */
import type { LastseenClient } from "@lastseen/client";
import type { LastseenMedia } from "@lastseen/client/media";
import { h } from "./dom.js";
import { endPageFor, showEndPage } from "./end-pages.js";
import { PhoneView } from "./phone.js";
import { showLobby } from "./lobby.js";
import { openTracks, type LocalTracks } from "./local-tracks.js";
import { MeetingView } from "./meeting.js";
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
    /** For tests and curious people in the console: the parts of the present or last meeting. */
    lastseen?: { client: LastseenClient; media: LastseenMedia };
  }
}

const settings = settingsFrom(location.search);
const root = document.querySelector<HTMLElement>("#app") ?? document.body;

/** Each tab is another user, unless the address says who. */
function openPhone(service: string): void {
  const id = settings.user ?? (settings.name || `user-${crypto.getRandomValues(new Uint16Array(1))[0]}`);
  const user = { id: roomIdFor(id), name: settings.name || id };
  const here = new URLSearchParams(location.search);
  here.set("user", user.id);
  history.replaceState(null, "", `?${here.toString()}`);
  const open = () => {
    const view = new PhoneView({
      service,
      user,
      settings,
      ended: (reason) => showEndPage(root, endPageFor(reason), { again: open, home: () => location.assign("./") }),
    });
    window.lastseen = { client: view.client, media: view.media };
    document.title = `${user.name} · Lastseen`;
    root.replaceChildren(view.element);
  };
  open();
}

/** Whether the address leads to another room than the one that the tab was in: a link, and no reload. */
function namesAnother(before: Meeting): boolean {
  return settings.room !== "" && roomIdFor(settings.room) !== before.room;
}

/** An address that names a room names the one that was chosen in the lobby, so that a reload leads back there. */
function nameInAddress(room: string): void {
  const here = new URLSearchParams(location.search);
  if (!here.get("room")) return;
  here.set("room", room);
  history.replaceState(null, "", `?${here.toString()}`);
}

async function start(): Promise<void> {
  const service = await findService();
  if (settings.phone) {
    openPhone(service);
    return;
  }
  const before = meetingOfThisTab();
  const openAgain = () => openTracks({ mic: settings.mic, camera: settings.camera, fake: settings.fake });

  const lobby = () => showLobby(root, settings, ({ meeting, tracks }) => enter(meeting, tracks));

  const enter = (meeting: Meeting, tracks: LocalTracks) => {
    rememberMeeting(meeting);
    nameInAddress(meeting.room);
    const view = new MeetingView({
      service,
      meeting,
      tracks,
      settings,
      ended: (reason) => {
        if (reason === "transferred") meetingIsElsewhere();
        else forgetMeeting();
        showEndPage(root, endPageFor(reason), {
          again: () => void openAgain().then((again) => enter(meeting, again)),
          home: lobby,
        });
      },
    });
    window.lastseen = { client: view.client, media: view.media };
    document.title = `${meeting.room} · Lastseen`;
    root.replaceChildren(view.element);
  };

  if (before && !namesAnother(before)) enter(before, await openAgain());
  else if (settings.autojoin) {
    const name = settings.name || "Guest";
    const meeting = { room: roomIdFor(settings.room || "daily"), name, userId: settings.user ?? userIdFor(name) };
    enter(meeting, await openAgain());
  } else lobby();
}

start().catch((error: unknown) => {
  root.replaceChildren(
    h(
      "main",
      { class: "end" },
      h(
        "section",
        { class: "card" },
        h("h1", {}, "The page could not start"),
        h("p", { class: "lead" }, String(error)),
      ),
    ),
  );
});
