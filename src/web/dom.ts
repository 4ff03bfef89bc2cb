type Child = Node | string | undefined | false;

interface Attributes {
  readonly class?: string;
  readonly testid?: string;
  readonly [name: string]: string | number | boolean | undefined;
}

/** Makes an element. `true` sets an empty attribute, `false` and `undefined` none; `testid` becomes `data-testid`. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return element;
}

/** Sets or removes attributes; see {@link h}. Untouched where nothing changes, so that nothing is announced twice. */
export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    const name = key === "testid" ? "data-testid" : key;
    if (value === false || value === undefined) element.removeAttribute(name);
    else {
      const text = value === true ? "" : String(value);
      if (element.getAttribute(name) !== text) element.setAttribute(name, text);
    }
  }
}

/** Sets an element's text unless it says so already. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Drawn on a 24 by 24 grid with a 2-wide pen. */
const ICONS = {
  mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21",
  micOff:
    "M9 9v2a3 3 0 0 0 4.6 2.5M15 11V6a3 3 0 0 0-5.8-1M5.5 11a6.5 6.5 0 0 0 10.2 5.3M18.5 11a6.4 6.4 0 0 1-.5 2.5M12 17.5V21M4 3l16 18",
  camera:
    "M4 6.5h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H4a1.5 1.5 0 0 1-1.5-1.5V8A1.5 1.5 0 0 1 4 6.5ZM15 10.5l5-3a.6.6 0 0 1 1 .500v8a.6.6 0 0 1-1 .500l-5-3",
  cameraOff:
    "M9 6.5h4a2 2 0 0 1 2 2v2l5-3a.6.6 0 0 1 1 .5v8M14.5 16.6a2 2 0 0 1-1.5.9H4A1.5 1.5 0 0 1 2.5 16V8A1.5 1.5 0 0 1 4.5 6.5M4 3l16 18",
  hand: "M8 12V5.5a1.5 1.5 0 0 1 3 0V11M11 10.5V4a1.5 1.5 0 0 1 3 0v7M14 11V5.5a1.5 1.5 0 0 1 3 0V14a7 7 0 0 1-7 7c-2.7 0-4.2-1.3-5.3-3.5L3 13.7a1.5 1.5 0 0 1 2.6-1.5L8 15",
  people:
    "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c0-3.3 2.9-5.5 6.5-5.5s6.5 2.2 6.5 5.5M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.9c2.1.8 3.5 2.6 3.5 5.1",
  leave:
    "M3.5 14.5c-.8-1-.9-2.8 0-3.7C6 8.5 9 7.5 12 7.5s6 1 8.5 3.3c.9.9.8 2.7 0 3.7l-.7.9c-.4.5-1 .6-1.6.3l-2.6-1.2c-.6-.3-.9-.9-.8-1.5l.1-1.2a9.5 9.5 0 0 0-5.8 0l.1 1.2c.1.6-.2 1.2-.8 1.5l-2.6 1.2c-.6.3-1.2.2-1.6-.300Z",
  switch: "M4 8h13l-3.5-3.5M20 16H7l3.5 3.5",
  door: "M14 4h4.5A1.5 1.5 0 0 1 20 5.5v13a1.5 1.5 0 0 1-1.5 1.5H14M3.5 12H14M10.5 8l4 4-4 4",
  close: "M6 6l12 12M18 6L6 18",
  ghost: "M5 20V11a7 7 0 0 1 14 0v9l-2.3-1.8L14.3 20 12 18.2 9.7 20l-2.4-1.8L5 20ZM9.5 10.5v1M14.5 10.5v1",
} as const;

export type IconName = keyof typeof ICONS;

const SVG = "http://www.w3.org/2000/svg";

/** Makes an SVG element with attributes. */
export function svg(tag: string, attributes: Attributes = {}, ...children: Node[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

export function icon(name: IconName): SVGElement {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}
