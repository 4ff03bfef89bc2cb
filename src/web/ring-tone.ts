/** Repeats two notes until it is stopped. It is silent where the browser wants a click before any sound. */

/** The user who is called hears a ring, the caller a softer one. Frequencies in hertz, times in milliseconds. */
const TONES = {
  incoming: { frequencies: [784, 988], volume: 0.12, onMs: 900, everyMs: 2_000 },
  outgoing: { frequencies: [440, 480], volume: 0.05, onMs: 1_000, everyMs: 4_000 },
} as const;

export class RingTone {
  #audio: AudioContext | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  start(kind: keyof typeof TONES): void {
    this.stop();
    const { everyMs } = TONES[kind];
    const audio = new AudioContext();
    this.#audio = audio;
    ring(audio, TONES[kind]);
    this.#timer = setInterval(() => ring(audio, TONES[kind]), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    void this.#audio?.close();
    this.#audio = undefined;
  }
}

function ring(audio: AudioContext, tone: (typeof TONES)[keyof typeof TONES]): void {
  const { frequencies, volume, onMs } = tone;
  const [begin, end] = [audio.currentTime, audio.currentTime + onMs / 1000];
  const gain = new GainNode(audio, { gain: 0 });
  gain.gain.linearRampToValueAtTime(volume, begin + 0.05);
  gain.gain.setValueAtTime(volume, end - 0.2);
  gain.gain.linearRampToValueAtTime(0, end);
  gain.connect(audio.destination);
  for (const frequency of frequencies) {
    const note = new OscillatorNode(audio, { frequency });
    note.connect(gain);
    note.start(begin);
    note.stop(end);
  }
}
