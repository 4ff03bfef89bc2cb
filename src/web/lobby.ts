/** Before a meeting: which room, which name, with camera and microphone or without. */
import { h, icon, setText } from "./dom.js";
import { openTracks, stopTracks, type LocalTracks } from "./local-tracks.js";
import { roomIdFor, unfinishedMeeting, userIdFor, type Meeting, type Settings } from "./settings.js";

export interface Choice {
  readonly meeting: Meeting;
  readonly tracks: LocalTracks;
}

/** Shows the lobby in `root` and calls `join` once, with the tracks that the preview has opened or new ones. */
export function showLobby(root: HTMLElement, settings: Settings, join: (choice: Choice) => void): void {
  const unfinished = unfinishedMeeting();
  const room = input("room-input", settings.room || unfinished?.room || "daily", "off");
  const name = input("name-input", settings.name || unfinished?.name || "", "nickname");
  const mic = checkbox("mic-check", settings.mic);
  const camera = checkbox("camera-check", settings.camera);
  const video = Object.assign(h("video", { hidden: true }), { autoplay: true, playsInline: true, muted: true });
  const hint = h("p", { class: "preview-hint" }, "Your camera stays off until you join.");
  const look = h("button", { type: "button", class: "ghost", testid: "preview-button" }, "Check camera");
  const problem = h("p", { class: "problem", role: "alert" });
  const submit = h("button", { class: "primary", testid: "join-button" }, "Join");
  let preview: LocalTracks | undefined;

  const form = h(
    "form",
    { class: "card lobby-form" },
    h("span", { class: "brand" }, h("img", { src: "icon.svg", alt: "" }), "Lastseen"),
    h("h1", {}, "Who is really in the call?"),
    h("p", { class: "lead" }, "Join a room, open a second tab, kill it, and watch the ghost go."),
    unfinished &&
      h("p", { class: "note", testid: "unfinished" }, `You did not leave “${unfinished.room}” last time. Go back?`),
    h("label", {}, h("span", {}, "Room"), room),
    h("label", {}, h("span", {}, "Your name"), name),
    h(
      "div",
      { class: "checks" },
      h("label", {}, mic, icon("mic"), "Microphone"),
      h("label", {}, camera, icon("camera"), "Camera"),
    ),
    problem,
    submit,
    h(
      "p",
      { class: "small" },
      "The same name in another tab of this browser takes the meeting over. Another name is another person. ",
      h("a", { href: "?phone=1", testid: "phone-link" }, "Or call one person."),
    ),
  );
  const view = h(
    "main",
    { class: "lobby", testid: "lobby" },
    h(
      "section",
      { class: "preview", "aria-label": "Preview" },
      video,
      h("div", { class: "preview-text" }, icon("camera"), hint, look),
    ),
    form,
  );

  const check = async () => {
    look.disabled = true;
    stopTracks(preview);
    preview = await openTracks({ mic: mic.checked, camera: true, fake: settings.fake });
    look.disabled = false;
    setText(hint, preview.problem ?? "");
    if (preview.video) {
      video.srcObject = new MediaStream([preview.video]);
      video.hidden = false;
    }
  };

  const go = async () => {
    const shown = name.value.trim();
    if (!shown || !room.value.trim()) {
      setText(problem, "Room and name are needed.");
      (shown ? room : name).focus();
      return;
    }
    submit.disabled = true;
    const wanted = { mic: mic.checked, camera: camera.checked, fake: settings.fake };
    const fits = preview && (!wanted.mic || preview.audio) && (!wanted.camera || preview.video);
    const tracks = fits && preview ? keep(preview, wanted) : (stopTracks(preview), await openTracks(wanted));
    video.srcObject = null;
    const meeting = { room: roomIdFor(room.value), name: shown, userId: settings.user ?? userIdFor(shown) };
    join({ meeting, tracks });
  };

  look.addEventListener("click", () => void check());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void go();
  });

  root.replaceChildren(view);
  if (!name.value) name.focus();
}

/** What is not wanted is stopped. */
function keep(tracks: LocalTracks, wanted: { mic: boolean; camera: boolean }): LocalTracks {
  if (!wanted.mic) tracks.audio?.stop();
  if (!wanted.camera) tracks.video?.stop();
  return {
    audio: wanted.mic ? tracks.audio : undefined,
    video: wanted.camera ? tracks.video : undefined,
    problem: tracks.problem,
  };
}

function input(testid: string, value: string, autocomplete: string): HTMLInputElement {
  return Object.assign(h("input", { testid, maxlength: 64, autocomplete, spellcheck: "false", enterkeyhint: "go" }), {
    value,
  });
}

function checkbox(testid: string, checked: boolean): HTMLInputElement {
  return Object.assign(h("input", { type: "checkbox", testid }), { checked });
}
