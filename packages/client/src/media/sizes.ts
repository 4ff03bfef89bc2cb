/**
 * Reports the heights of elements. Without `ResizeObserver`, or where it throws, nothing is reported.
 *
 * @param resized gets the height in pixels of the screen, first soon after `observe`; 0: it is not displayed
 */
export function observeSizes(resized: (element: Element, height: number) => void): {
  observe(element: Element): void;
  unobserve(element: Element): void;
  close(): void;
} {
  try {
    const observer = new ResizeObserver((entries) => {
      for (const { target, contentRect } of entries) resized(target, contentRect.height * devicePixelRatio);
    });
    return {
      observe: (element) => observer.observe(element),
      unobserve: (element) => observer.unobserve(element),
      close: () => observer.disconnect(),
    };
  } catch {
    return { observe: () => {}, unobserve: () => {}, close: () => {} };
  }
}
