/** The operator page: asks for the token where the service wants one, then shows what the service tells operators. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { findAccess, forgetToken, keepToken, keptToken } from "./access.js";
import { Notice, SignIn } from "./access-page.js";
import { Api, Refused } from "./api.js";
import { Console } from "./console.js";
import { ServerClock } from "./server-clock.js";
import { readSettings } from "./shapes.js";
import { OpsStore } from "./store.js";

type View =
  | { readonly kind: "notice"; readonly title: string; readonly text: string }
  | { readonly kind: "sign-in"; readonly problem: string }
  | { readonly kind: "console"; readonly store: OpsStore; readonly signOut: (() => void) | undefined };

/** Relative to this page: a proxy may serve both below any path. */
const API = new URL("../api/", document.baseURI);

const view = signal<View | undefined>(undefined);

function App() {
  const shown = view.value;
  switch (shown?.kind) {
    case "notice":
      return <Notice title={shown.title} text={shown.text} />;
    case "sign-in":
      return <SignIn problem={shown.problem} tryToken={enter} />;
    case "console":
      return <Console store={shown.store} signOut={shown.signOut} />;
    default:
      return null;
  }
}

async function start(): Promise<void> {
  const access = await findAccess().catch(() => "unreachable" as const);
  if (access === "unreachable") {
    showNotice("Nobody answers", "The service cannot be reached at this address. Reload to try again.");
  } else if (access === "closed") {
    showNotice(
      "There is nothing to see",
      "In production the service has no API for operators until ADMIN_TOKEN is set.",
    );
  } else if (access === "open") {
    const problem = await enter(undefined);
    if (problem !== undefined) showNotice("Nobody answers", `${problem} Reload to try again.`);
  } else {
    const token = keptToken();
    const problem = token === undefined ? "" : await enter(token);
    if (problem !== undefined) askForToken(problem);
  }
}

/** Shows the console if the service takes this token; otherwise says what is wrong with it. */
async function enter(token: string | undefined): Promise<string | undefined> {
  const clock = new ServerClock(() => Date.now());
  const api = new Api(API, clock, token);
  try {
    const settings = readSettings(await api.get(["settings"]));
    const leave = (problem: string): void => {
      forgetToken();
      store.close();
      askForToken(problem);
    };
    const store = new OpsStore({ api, clock, settings, tokenRefused: leave });
    if (token !== undefined) keepToken(token);
    view.value = { kind: "console", store, signOut: token === undefined ? undefined : () => leave("") };
    store.start();
    return undefined;
  } catch (error) {
    if (!(error instanceof Refused)) return "The service does not answer.";
    if (error.status !== 401) return error.message;
    forgetToken();
    return "That is not the service's token.";
  }
}

function showNotice(title: string, text: string): void {
  view.value = { kind: "notice", title, text };
}

function askForToken(problem: string): void {
  view.value = { kind: "sign-in", problem };
}

render(<App />, document.querySelector("#app") ?? document.body);
void start();
