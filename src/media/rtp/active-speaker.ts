import type { ActiveSpeakerObserver, Producer } from "mediasoup/types";

/** Who speaks in one room. The worker reports who became the loudest, but not that nobody speaks any more. */
export class ActiveSpeaker {
  readonly #observer: ActiveSpeakerObserver;
  readonly #onChange: (sessionId: string | null) => void;
  #producerId: string | undefined;
  #sessionId: string | null = null;

  constructor(observer: ActiveSpeakerObserver, onChange: (sessionId: string | null) => void) {
    this.#observer = observer;
    this.#onChange = onChange;
    observer.on("dominantspeaker", ({ producer }) => {
      const { sessionId } = producer.appData;
      if (producer.closed || producer.paused || typeof sessionId !== "string") return;
      this.#producerId = producer.id;
      this.#change(sessionId);
    });
  }

  /** Listens to a producer until it closes. Rejects when the worker refuses. */
  async add(producer: Producer): Promise<void> {
    const onSilent = (): void => {
      if (this.#producerId !== producer.id) return;
      this.#producerId = undefined;
      this.#change(null);
    };
    producer.observer.on("pause", onSilent);
    producer.observer.once("close", onSilent);
    await this.#observer.addProducer({ producerId: producer.id });
  }

  #change(sessionId: string | null): void {
    if (this.#sessionId === sessionId) return;
    this.#sessionId = sessionId;
    // When the room closes, it has no members who could be told.
    if (!this.#observer.closed) this.#onChange(sessionId);
  }
}
