/**
 * Bounds of the wire protocol, shared by the service and the browser client.
 * Sizes in bytes of UTF-8 text, durations in milliseconds.
 */
export const LIMITS = {
  /** Largest frame that the service takes; a larger one ends the socket with 1009. */
  frameBytes: 64 * 1024,
  /** Largest frame that the service takes before hello. */
  helloBytes: 16 * 1024,
  /** So many lists and objects may lie in each other in a frame. */
  nesting: 32,
  /** Largest `metadata` object, measured as JSON text. */
  metadataBytes: 4 * 1024,
  /** Longest room or user id. */
  idLength: 128,
  /** Longest tab id. */
  tabIdLength: 64,
  /** Longest display name. */
  nameLength: 128,
  /** Wrong requests in a row that one socket may send before it is ended with 4400. */
  badRequests: 100,
  /** Most participants in one page of `getParticipants`. */
  pageParticipants: 200,
  /** Most `sources` of a `join`. */
  sources: 16,
  /** Requests of one socket that may wait for an earlier one to finish. */
  pendingRequests: 256,
} as const;

/** The WebSocket subprotocol that is selected when a client offers it. */
export const SUBPROTOCOL = "lastseen.v1";
