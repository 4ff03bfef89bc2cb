/**
 * Runs once for all requests of this moment. React's StrictMode mounts, unmounts and mounts each component again, and a
 * change of the page unmounts one component and mounts another, all before this runs: only what is wanted in the end counts.
 */
export function soon(run: () => void): () => void {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    queueMicrotask(() => {
      isWaiting = false;
      run();
    });
  };
}
