import type { Participant } from "@lastseen/client";
import type { Source } from "@lastseen/client/media";
import { useMemo } from "react";
import { ClientView } from "./client-view.js";
import { useMediaView } from "./media-view.js";
import { useClient } from "./provider.js";
import { useStore } from "./use-store.js";

/** A track of somebody in the room, to be shown by `<Track>`. */
export interface TrackRef {
  /**
   * Unique among the tracks, and the same as long as the publication exists, also when its participant goes on with it in another
   * tab: a React key.
   */
  readonly id: string;
  /** `undefined` before this page is in a room: then the track is its own. */
  readonly participant: Participant | undefined;
  readonly source: Source | undefined;
  readonly kind: "audio" | "video";
  readonly track: MediaStreamTrack;
  /** Whether this page publishes it. */
  readonly isLocal: boolean;
  readonly isMuted: boolean;
}

/**
 * The tracks that this page receives, and the ones that it publishes.
 *
 * @param sources only these, such as `["camera", "screen"]`; all by default
 */
export function useTracks(sources?: readonly Source[]): readonly TrackRef[] {
  const view = ClientView.of(useClient());
  const mediaView = useMediaView();
  const room = useStore(view.room);
  const { session } = useStore(view.connection);
  const tracks = useStore(mediaView.tracks);
  const publications = useStore(mediaView.publications);
  // A page may give a new list with the same sources in each render.
  const key = sources && JSON.stringify(sources);
  return useMemo(() => {
    const wanted = key === undefined ? undefined : new Set(JSON.parse(key) as Source[]);
    const find = (id: string | undefined) => room?.participants.find(({ sessionId }) => sessionId === id);
    const own = publications.map(({ source, track, muted }): TrackRef => {
      const kind = track.kind === "audio" ? "audio" : "video";
      const participant = find(session?.sessionId);
      return { id: `own:${source}`, participant, source, kind, track, isLocal: true, isMuted: muted };
    });
    const theirs = tracks.map(({ producerId, sessionId, source, kind, track }): TrackRef => {
      const participant = find(sessionId);
      const isMuted = participant?.producers.find((producer) => producer.id === producerId)?.paused ?? false;
      const id = source === undefined ? producerId : `${sessionId}:${kind}:${source}`;
      return { id, participant, source, kind, track, isLocal: false, isMuted };
    });
    const all = [...own, ...theirs];
    return wanted ? all.filter(({ source }) => source !== undefined && wanted.has(source)) : all;
  }, [room, session, tracks, publications, key]);
}
