/** A page of React in Chromium or Firefox: what a test presses and reads there is the same in both. */
import { onTestFinished } from "vitest";
import { Firefox, takeSmallPictures } from "../support/firefox.js";
import { XScreen } from "../support/x-screen.js";
import { until } from "../support/until.js";
import type { Page } from "playwright-core";
import { openBrowser, openPage } from "./browsers.js";
import { setPermission } from "./person.js";

/** What the page of react.test.ts puts on `window`. */
export interface ReactPage {
  /** Shows these rooms in a new root. @param query `url`, `user`, `rooms` (names with spaces between) */
  mount(query: string): void;
  /** Shows other rooms in the same root. */
  update(query: string): void;
  unmount(): void;
}

declare global {
  interface Window {
    reactPage?: ReactPage;
  }
}

export interface Guest {
  /** Runs a function in the page; it can use nothing from outside but the text. */
  evaluate<R>(run: (text: string) => R, text?: string): Promise<R>;
  reload(): Promise<void>;
  /** The user changes a setting beside the address; missing where a test cannot do that. */
  allowCamera?(isAllowed: boolean): Promise<void>;
  /** Whether the page can share a screen without a question to the user. */
  canShare: boolean;
  /** Another tab of the same browser with the same storage of cookies, and a session storage of its own. */
  openTab(url: string): Promise<Guest>;
}

export async function chromiumGuest(url: string): Promise<Guest> {
  const { page } = await openPage();
  return guestIn(page, url);
}

/** Like {@link chromiumGuest}, in a browser that gives camera and microphone only while its user allows it. */
export async function askedGuest(url: string): Promise<Guest> {
  const { page } = await openBrowser({ asks: true });
  await page.context().grantPermissions(["camera", "microphone"], { origin: new URL(url).origin });
  const guest = await guestIn(page, url);
  return {
    ...guest,
    canShare: false,
    allowCamera: (isAllowed) => setPermission(page, "camera", isAllowed ? "granted" : "denied"),
  };
}

async function guestIn(page: Page, url: string): Promise<Guest> {
  await page.context().addInitScript(takeSmallPictures);
  const guestOf = async (tab: typeof page, address: string): Promise<Guest> => {
    await tab.goto(address);
    return {
      canShare: true,
      evaluate: (run, text = "") => tab.evaluate(run, text),
      reload: async () => void (await tab.reload()),
      openTab: async (another) => guestOf(await tab.context().newPage(), another),
    };
  };
  return guestOf(page, url);
}

export async function firefoxGuest(url: string): Promise<Guest> {
  const canShare = XScreen.isThere();
  const firefox = await Firefox.launch(undefined, {}, { hasScreen: canShare });
  onTestFinished(() => firefox.close());
  const first = await firefox.newPage();
  const guestOf = async (tab: typeof first, address: string): Promise<Guest> => {
    await tab.goto(address);
    return {
      canShare,
      evaluate: async (run, text = "") => tab.evaluate(run, text),
      reload: async () => void (await tab.reload()),
      openTab: async (another) => guestOf(await tab.browserContext().newPage(), another),
    };
  };
  return guestOf(first, url);
}

/** Waits until the page shows this text. */
export async function shows(guest: Guest, text: string): Promise<void> {
  await until(() => guest.evaluate((wanted) => document.body.innerText.includes(wanted), text));
}

/** Waits for the button with this text, and presses it. */
export async function press(guest: Guest, label: string): Promise<void> {
  await until(() =>
    guest.evaluate((wanted) => {
      const buttons = [...document.querySelectorAll("button")];
      const found = buttons.find((button) => !button.disabled && button.textContent?.trim() === wanted);
      found?.click();
      return found !== undefined;
    }, label),
  );
}
