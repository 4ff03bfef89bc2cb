/**
 * The browser's storage for this site. It throws where the user blocks site data. Then the page keeps everything itself, until it
 * is closed or loaded again.
 */
export interface SiteStorage {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

/** Belongs to one tab and survives its reload. */
export const tabStorage = siteStorage(() => sessionStorage);
/** Belongs to all tabs of the browser and survives its end. */
export const browserStorage = siteStorage(() => localStorage);

function siteStorage(storage: () => Storage): SiteStorage {
  const page = new Map<string, string>();
  const attempt = <T>(use: (storage: Storage) => T, instead: () => T): T => {
    try {
      return use(storage());
    } catch {
      return instead();
    }
  };
  return {
    get: (key) =>
      attempt(
        (kept) => kept.getItem(key),
        () => page.get(key) ?? null,
      ),
    set: (key, value) =>
      attempt(
        (kept) => kept.setItem(key, value),
        () => void page.set(key, value),
      ),
    remove: (key) =>
      attempt(
        (kept) => kept.removeItem(key),
        () => void page.delete(key),
      ),
  };
}
