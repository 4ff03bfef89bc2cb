import type { Publication, PublishOptions, Source } from "@lastseen/client/media";
import { useMemo } from "react";
import { useMediaView } from "./media-view.js";
import { useAction, type ActionState } from "./use-action.js";
import { useStore } from "./use-store.js";

export interface PublicationHandle extends ActionState {
  readonly publication: Publication | undefined;
  readonly track: MediaStreamTrack | undefined;
  readonly isPublished: boolean;
  readonly isMuted: boolean;
  /** Sends a track of the page's own. For a microphone or a camera, `useDevices` opens the device too. */
  readonly publish: (track: MediaStreamTrack, options?: Omit<PublishOptions, "source">) => Promise<boolean>;
  /** Goes on with another track; the others keep the producer. */
  readonly replaceTrack: (track: MediaStreamTrack) => Promise<boolean>;
  readonly mute: () => Promise<boolean>;
  readonly unmute: () => Promise<boolean>;
  /** Ends the publication and stops the track. */
  readonly unpublish: () => void;
}

/** What this page publishes under a source, such as `mic`. Each method resolves to `false` when it fails; `error` says why. */
export function usePublication(source: Source): PublicationHandle {
  const view = useMediaView();
  const { media } = view;
  const publication = useStore(view.publications).find((one) => one.source === source);
  const { isPending, error, run } = useAction();
  return useMemo(
    () => ({
      publication,
      track: publication?.track,
      isPublished: publication !== undefined,
      isMuted: publication?.muted ?? false,
      isPending,
      error,
      publish: (track, options) => run(() => media.publish(track, { ...options, source })),
      replaceTrack: (track) => run(() => media.replaceTrack(source, track)),
      mute: () => run(() => media.mute(source)),
      unmute: () => run(() => media.unmute(source)),
      unpublish: () => media.unpublish(source),
    }),
    [media, source, publication, isPending, error, run],
  );
}
