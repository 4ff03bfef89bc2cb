/** Simulcast layers follow the size at which a track is shown. */
import type { Consumer } from "mediasoup-client/types";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Elements } from "../../../packages/client/src/media/elements.js";
import { layerFor, Layers } from "../../../packages/client/src/media/layers.js";
import { settle, VirtualTimers } from "./fake-browser.js";
import { FakeTrack } from "./fake-media.js";

class FakeStream {
  readonly #tracks = new Set<MediaStreamTrack>();

  getTracks(): MediaStreamTrack[] {
    return [...this.#tracks];
  }

  addTrack(track: MediaStreamTrack): void {
    this.#tracks.add(track);
  }

  removeTrack(track: MediaStreamTrack): void {
    this.#tracks.delete(track);
  }
}

/** The browser's observer; the test changes the sizes. */
class FakeObserver {
  static resize: (target: object, height: number) => void = () => {};
  static observed = new Set<object>();

  constructor(tell: (entries: readonly object[]) => void) {
    FakeObserver.resize = (target, height) => {
      if (FakeObserver.observed.has(target)) tell([{ target, contentRect: { height } }]);
    };
  }

  observe(target: object): void {
    FakeObserver.observed.add(target);
  }

  unobserve(target: object): void {
    FakeObserver.observed.delete(target);
  }

  disconnect(): void {
    FakeObserver.observed.clear();
  }
}

function scene(scalabilityMode: string | undefined = "L3T1") {
  const timers = new VirtualTimers();
  const track = new FakeTrack("video").asTrack;
  const asked: [string, number][] = [];
  const consumer = { id: "c-1", rtpParameters: { encodings: [{ scalabilityMode }] } } as unknown as Consumer;
  const consumers = new Map([[track, consumer]]);
  const answers = { refuses: false };
  const layers = new Layers(
    timers,
    (one) => consumers.get(one),
    (one, layer) => {
      asked.push([one.id, layer]);
      return answers.refuses ? Promise.reject(new Error("refused")) : Promise.resolve();
    },
  );
  const elements = new Elements(layers);
  const show = async (height: number, element = {} as HTMLMediaElement) => {
    elements.attach(element, track);
    FakeObserver.resize(element, height);
    await timers.advance(250);
    return element;
  };
  return { timers, track, asked, layers, elements, show, consumers, answers };
}

beforeEach(() => {
  FakeObserver.observed.clear();
  vi.stubGlobal("MediaStream", FakeStream);
  vi.stubGlobal("ResizeObserver", FakeObserver);
  vi.stubGlobal("devicePixelRatio", 1);
});

afterEach(() => void vi.unstubAllGlobals());

describe("the layer for a height", () => {
  it.each([
    [0, 3, 0],
    [180, 3, 0],
    [198, 3, 0],
    [199, 3, 1],
    [396, 3, 1],
    [400, 3, 2],
    [2_160, 3, 2],
    [396, 2, 0],
    [400, 2, 1],
    [50, 1, 0],
  ])("%i pixels of %i layers: %i", (height, count, layer) => {
    expect(layerFor(height, count)).toBe(layer);
  });
});

describe("a track in an element", () => {
  it("is asked for in the quality that the element needs, and again when the element's size needs another one", async () => {
    const { asked, show, timers } = scene();
    const element = await show(150);
    expect(asked).toEqual([["c-1", 0]]);
    FakeObserver.resize(element, 160);
    await timers.advance(1_000);
    expect(asked).toHaveLength(1);
    FakeObserver.resize(element, 700);
    await timers.advance(250);
    expect(asked).toEqual([
      ["c-1", 0],
      ["c-1", 2],
    ]);
  });

  it("is asked for once while the size changes with every frame", async () => {
    const { asked, show, timers } = scene();
    const element = await show(100);
    for (let height = 100; height < 700; height += 40) {
      FakeObserver.resize(element, height);
      await timers.advance(16);
    }
    await timers.advance(500);
    expect(asked.length).toBeLessThan(5);
    expect(asked.at(-1)).toEqual(["c-1", 2]);
  });

  it("counts the pixels of the screen", async () => {
    vi.stubGlobal("devicePixelRatio", 2);
    const { asked, show } = scene();
    await show(150);
    expect(asked).toEqual([["c-1", 1]]);
  });

  it("in two elements needs the quality of the larger one, and of the other one when that is gone", async () => {
    const { asked, show, elements, timers } = scene();
    const large = await show(700);
    const small = await show(100);
    expect(asked).toEqual([["c-1", 2]]);
    elements.detach(large);
    FakeObserver.resize(small, 101);
    await timers.advance(250);
    expect(asked.at(-1)).toEqual(["c-1", 0]);
  });

  it("is asked for again with its next consumer, and after a refusal when the size changes", async () => {
    const { asked, show, consumers, track, timers, answers } = scene();
    const element = await show(100);
    answers.refuses = true;
    consumers.set(track, {
      id: "c-2",
      rtpParameters: { encodings: [{ scalabilityMode: "S3T3" }] },
    } as unknown as Consumer);
    FakeObserver.resize(element, 101);
    await timers.advance(250);
    await settle();
    answers.refuses = false;
    FakeObserver.resize(element, 102);
    await timers.advance(250);
    expect(asked).toEqual([
      ["c-1", 0],
      ["c-2", 0],
      ["c-2", 0],
    ]);
  });

  it.each([undefined, "L1T3", "nonsense"])("without layers (%s) is left alone", async (mode) => {
    const { asked, show } = scene(mode ?? "");
    await show(100);
    expect(asked).toEqual([]);
  });

  it("that is no longer received, or was never, is left alone", async () => {
    const { asked, show, consumers } = scene();
    consumers.clear();
    await show(100);
    expect(asked).toEqual([]);
  });
});

describe("at the end", () => {
  it("no element is observed and no timer waits", async () => {
    const { layers, elements, show, timers } = scene();
    const element = await show(100);
    FakeObserver.resize(element, 700);
    elements.clear();
    layers.close();
    expect(FakeObserver.observed.size).toBe(0);
    expect(timers.count).toBe(0);
  });
});

describe("without ResizeObserver, or where it throws", () => {
  it.each([
    undefined,
    function deny() {
      throw new Error("denied");
    },
  ])("tracks are shown, and nothing is asked for", async (observer) => {
    vi.stubGlobal("ResizeObserver", observer);
    const { asked, show, elements } = scene();
    elements.detach(await show(100));
    expect(asked).toEqual([]);
  });
});
