/** The operator page: a door first, and behind it everything that the service tells operators. */
import { findAccess, forgetToken, keepToken, keptToken, type Access } from "./access.js";
import { Api, Refused } from "./api.js";
import { OpsConsole } from "./console.js";
import { door, signIn } from "./access-page.js";
import { ServerClock } from "./server-clock.js";
import { readSettings } from "./shapes.js";

const root = document.querySelector<HTMLElement>("#app") ?? document.body;
/** Beside this page, whatever path a proxy serves both under. */
const API = new URL("../api/", document.baseURI);

async function start(): Promise<void> {
  let access: Access;
  try {
    access = await findAccess();
  } catch {
    root.replaceChildren(door("Nobody answers", "The service cannot be reached at this address. Reload to try again."));
    return;
  }
  if (access === "closed") {
    root.replaceChildren(
      door("There is nothing to see", "In production the service has no API for operators until ADMIN_TOKEN is set."),
    );
  } else if (access === "open") {
    const wrong = await enter(undefined);
    if (wrong !== undefined) root.replaceChildren(door("Nobody answers", `${wrong} Reload to try again.`));
  } else {
    const token = keptToken();
    const wrong = token === undefined ? "" : await enter(token);
    if (wrong !== undefined) ask(wrong);
  }
}

/** Goes in with this token. Returns what is wrong with it, if anything is. */
async function enter(token: string | undefined): Promise<string | undefined> {
  const clock = new ServerClock(() => Date.now());
  const api = new Api(API, clock, token);
  try {
    const settings = readSettings(await api.get(["settings"]));
    const leave = (why: string): void => {
      forgetToken();
      page.close();
      ask(why);
    };
    if (token !== undefined) keepToken(token);
    const signOut = token === undefined ? undefined : (): void => leave("");
    const page = new OpsConsole({ api, clock, settings, signOut, shutOut: leave });
    root.replaceChildren(page.element);
    page.start();
    return undefined;
  } catch (error) {
    if (!(error instanceof Refused)) return "The service does not answer.";
    if (error.status !== 401) return error.message;
    forgetToken();
    return "That is not the service's token.";
  }
}

function ask(note: string): void {
  root.replaceChildren(signIn(note, enter));
}

void start();
