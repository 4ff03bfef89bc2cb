/** One's own picture and sound: from camera and microphone, or synthetic, to try a call without devices. */

export interface LocalTracks {
  audio: MediaStreamTrack | undefined;
  video: MediaStreamTrack | undefined;
  /** Why a wanted track is missing, as text for the user. */
  problem: string | undefined;
}

const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** Never rejects: a user without devices, or who does not allow them, joins without tracks. */
export async function openTracks(wanted: { mic: boolean; camera: boolean; fake: boolean }): Promise<LocalTracks> {
  const { mic, camera, fake } = wanted;
  if (fake) {
    const made = syntheticStream();
    const take = (track: MediaStreamTrack | undefined, keep: boolean) => {
      if (keep) return track;
      track?.stop();
      return undefined;
    };
    return {
      audio: take(made.getAudioTracks()[0], mic),
      video: take(made.getVideoTracks()[0], camera),
      problem: undefined,
    };
  }
  if (!mic && !camera) return { audio: undefined, video: undefined, problem: undefined };
  const devices = (navigator as Partial<Navigator>).mediaDevices;
  if (!devices) {
    return {
      audio: undefined,
      video: undefined,
      problem: "The browser gives camera and microphone to secure pages only.",
    };
  }
  const ask = (constraints: MediaStreamConstraints) => devices.getUserMedia(constraints);
  try {
    const stream = await ask({ audio: mic && AUDIO, video: camera && VIDEO });
    return { audio: stream.getAudioTracks()[0], video: stream.getVideoTracks()[0], problem: undefined };
  } catch (error) {
    if (!mic || !camera) return { audio: undefined, video: undefined, problem: whyNoDevice(error) };
    // Camera or microphone may be missing: ask for each alone, because one is better than none.
    const [audio, video] = await Promise.all([
      ask({ audio: AUDIO }).then(
        (stream) => stream.getAudioTracks()[0],
        () => undefined,
      ),
      ask({ video: VIDEO }).then(
        (stream) => stream.getVideoTracks()[0],
        () => undefined,
      ),
    ]);
    return { audio, video, problem: audio && video ? undefined : whyNoDevice(error) };
  }
}

export function stopTracks(tracks: LocalTracks | undefined): void {
  tracks?.audio?.stop();
  tracks?.video?.stop();
}

/** Why the browser gave no device, as text for the user. */
export function whyNoDevice(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError")
    return "Camera or microphone is not allowed: allow it beside the address. You can still listen and watch.";
  if (name === "NotFoundError") return "No camera or microphone was found. You can still listen and watch.";
  if (name === "NotReadableError") return "Another program is using the camera or microphone.";
  return "Camera or microphone could not be opened. You can still listen and watch.";
}

const FRAME_MS = 66;

/** A moving picture and a quiet hum with pauses. The timer and the sound stop when both tracks have been stopped. */
function syntheticStream(): MediaStream {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const picture = canvas.getContext("2d");
  const audio = new AudioContext();
  const hum = new OscillatorNode(audio, { frequency: 196 });
  const volume = new GainNode(audio, { gain: 0 });
  const out = new MediaStreamAudioDestinationNode(audio);
  hum.connect(volume).connect(out);
  hum.start();
  const stream = new MediaStream([...canvas.captureStream(15).getTracks(), ...out.stream.getTracks()]);
  const hue = Math.floor(Math.random() * 360);
  const timer = setInterval(() => {
    if (stream.getTracks().every(({ readyState }) => readyState === "ended")) {
      clearInterval(timer);
      void audio.close();
      return;
    }
    const seconds = Date.now() / 1000;
    volume.gain.value = Math.sin(seconds) > 0.6 ? 0.15 : 0;
    if (picture) draw(picture, seconds, hue);
  }, FRAME_MS);
  return stream;
}

function draw(picture: CanvasRenderingContext2D, seconds: number, hue: number): void {
  const { width, height } = picture.canvas;
  const sky = picture.createLinearGradient(0, 0, width, height);
  sky.addColorStop(0, `hsl(${hue} 45% 28%)`);
  sky.addColorStop(1, `hsl(${hue + 60} 55% 45%)`);
  picture.fillStyle = sky;
  picture.fillRect(0, 0, width, height);
  for (let ball = 0; ball < 3; ball += 1) {
    const turn = seconds * (0.5 + ball * 0.2) + ball * 2;
    picture.beginPath();
    picture.arc(width * (0.5 + 0.32 * Math.cos(turn)), height * (0.5 + 0.3 * Math.sin(turn * 1.3)), 34, 0, 7);
    picture.fillStyle = `hsl(${hue + 120 + ball * 40} 70% 65% / 0.8)`;
    picture.fill();
  }
}
