/** What people see: one tile for each person. */
const wall = document.querySelector("main");
const words = document.querySelector("#words");
/** The person and the track of each producer. */
const producers = new Map();

export function say(text) {
  words.textContent = text;
}

export function addTrack(userId, track, { producerId, isOwn = false }) {
  const { srcObject: stream } = videoOf(userId, isOwn);
  for (const before of stream.getTracks()) if (before.kind === track.kind) stream.removeTrack(before);
  stream.addTrack(track);
  if (producerId) producers.set(producerId, { userId, track });
}

/** The last track of a person takes the tile with it. */
export function removeTrack(producerId) {
  const { userId, track } = producers.get(producerId) ?? {};
  producers.delete(producerId);
  const stream = find(userId)?.querySelector("video").srcObject;
  stream?.removeTrack(track);
  if (stream?.getTracks().length === 0) removeTile(userId);
}

export function removeTile(userId) {
  find(userId)?.remove();
}

function find(userId) {
  return [...wall.children].find((tile) => tile.dataset.user === userId);
}

function videoOf(userId, isOwn) {
  const before = find(userId)?.querySelector("video");
  if (before) return before;
  const tile = document.createElement("figure");
  tile.dataset.user = userId;
  const video = document.createElement("video");
  video.autoplay = true;
  video.playsInline = true;
  video.muted = isOwn;
  video.srcObject = new MediaStream();
  const name = document.createElement("figcaption");
  name.textContent = userId;
  tile.append(video, name);
  wall.append(tile);
  return video;
}
