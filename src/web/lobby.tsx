/** Before a meeting: which room, which name, with camera and microphone or without. */
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Brand } from "./brand.js";
import { Icon } from "./icon.js";
import { openTracks, stopTracks, type LocalTracks } from "./local-tracks.js";
import { Preview } from "./preview.js";
import { roomIdFor, unfinishedMeeting, userIdFor, type Meeting, type Settings } from "./settings.js";

interface Choice {
  readonly meeting: Meeting;
  readonly tracks: LocalTracks;
}

/** @param join called once, with the tracks that the preview has opened or with new ones */
export function Lobby({ settings, join }: { settings: Settings; join: (choice: Choice) => void }) {
  const [unfinished] = useState(unfinishedMeeting);
  const [mic, setMic] = useState(settings.mic);
  const [camera, setCamera] = useState(settings.camera);
  const [problem, setProblem] = useState("");
  const [joining, setJoining] = useState(false);
  const [preview, setPreview] = useState<LocalTracks | undefined>(undefined);
  const room = useRef<HTMLInputElement>(null);
  const name = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (!name.current?.value) name.current?.focus();
  }, []);

  const check = async (): Promise<void> => {
    stopTracks(preview);
    setPreview(await openTracks({ mic, camera: true, fake: settings.fake }));
  };

  const enter = async (): Promise<void> => {
    const shown = name.current?.value.trim() ?? "";
    const roomName = room.current?.value ?? "";
    if (!shown || !roomName.trim()) {
      setProblem(shown ? "Type the name of a room." : "Type your name.");
      (shown ? room : name).current?.focus();
      return;
    }
    setJoining(true);
    const tracks = await tracksFor({ mic, camera, fake: settings.fake }, preview);
    const meeting = { room: roomIdFor(roomName), name: shown, userId: settings.user ?? userIdFor(shown) };
    join({ meeting, tracks });
  };

  return (
    <main class="lobby" data-testid="lobby">
      <Preview tracks={preview} check={check} />
      <form
        class="card lobby-form"
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        <Brand />
        <h1>Who is really in the call?</h1>
        <p class="lead">Join a room, open a second tab, kill it, and watch the ghost go.</p>
        {unfinished && (
          <p class="note" data-testid="unfinished">
            You did not leave “<bdi>{unfinished.room}</bdi>” last time. Go back?
          </p>
        )}
        <TextField
          label="Room"
          testid="room-input"
          autocomplete="off"
          field={room}
          value={settings.room || (unfinished?.room ?? "daily")}
        />
        <TextField
          label="Your name"
          testid="name-input"
          autocomplete="nickname"
          field={name}
          value={settings.name || (unfinished?.name ?? "")}
        />
        <div class="checks">
          <Check testid="mic-check" checked={mic} set={setMic}>
            <Icon name="mic" />
            Microphone
          </Check>
          <Check testid="camera-check" checked={camera} set={setCamera}>
            <Icon name="camera" />
            Camera
          </Check>
        </div>
        <p class="problem" role="alert">
          {problem}
        </p>
        <button class="primary" data-testid="join-button" disabled={joining}>
          Join
        </button>
        <p class="small">
          The same name in another tab of this browser takes the meeting over. Another name is another person.{" "}
          <a href="?phone=1" data-testid="phone-link">
            Or call one person.
          </a>
        </p>
      </form>
    </main>
  );
}

/** @param value what the field says at first */
function TextField(props: {
  label: string;
  testid: string;
  autocomplete: string;
  value: string;
  field: RefObject<HTMLInputElement | null>;
}) {
  return (
    <label>
      <span>{props.label}</span>
      <input
        ref={props.field}
        data-testid={props.testid}
        maxLength={64}
        autocomplete={props.autocomplete}
        spellcheck={false}
        enterkeyhint="go"
        dir="auto"
        defaultValue={props.value}
      />
    </label>
  );
}

function Check(props: { testid: string; checked: boolean; set: (on: boolean) => void; children: ComponentChildren }) {
  return (
    <label>
      <input
        type="checkbox"
        data-testid={props.testid}
        checked={props.checked}
        onChange={({ currentTarget }) => props.set(currentTarget.checked)}
      />
      {props.children}
    </label>
  );
}

/** Uses the tracks of the preview where they are enough, and stops those that are not wanted. */
async function tracksFor(
  wanted: { mic: boolean; camera: boolean; fake: boolean },
  preview: LocalTracks | undefined,
): Promise<LocalTracks> {
  const enough = preview && (!wanted.mic || preview.audio) && (!wanted.camera || preview.video);
  if (!enough) {
    stopTracks(preview);
    return openTracks(wanted);
  }
  if (!wanted.mic) preview.audio?.stop();
  if (!wanted.camera) preview.video?.stop();
  return {
    audio: wanted.mic ? preview.audio : undefined,
    video: wanted.camera ? preview.video : undefined,
    problem: preview.problem,
  };
}
