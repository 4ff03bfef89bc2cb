"use client";
/**
 * React for a Lastseen client: `import { LastseenProvider, useRoom } from "@lastseen/react"`. Needs React 18 or 19, and
 * mediasoup-client for tracks and devices.
 *
 * @module
 */
export type { CallOver, ConnectionInfo } from "./client-view.js";
export { LastseenProvider, useClient, type LastseenProviderProps } from "./provider.js";
export { useMedia } from "./media-view.js";
export { SwitchedElsewhere, type SwitchedElsewhereProps } from "./switched-elsewhere.js";
export { Track, type TrackProps } from "./track.js";
export type { ActionState } from "./use-action.js";
export { useCall, type CallHandle } from "./use-call.js";
export { useConnection, type ConnectionHandle } from "./use-connection.js";
export { useDevices, useScreenShare, type DevicesHandle, type ScreenShareHandle } from "./use-devices.js";
export { useParticipants, useSelf } from "./use-participants.js";
export { usePublication, type PublicationHandle } from "./use-publication.js";
export { useRoom, type RoomHandle } from "./use-room.js";
export { useStatus } from "./use-status.js";
export { useTracks, type TrackRef } from "./use-tracks.js";
