/** What is shown instead of data: the question for the token, and why there is nothing to see. */
import { h, setText } from "../dom.js";

/** @param tried says what is wrong with the token; undefined when it was accepted */
export function signIn(note: string, tried: (token: string) => Promise<string | undefined>): HTMLElement {
  const token = h("input", {
    type: "password",
    name: "token",
    autocomplete: "current-password",
    required: true,
    autofocus: true,
    testid: "token",
  });
  const problem = h("p", { class: "problem", role: "alert", testid: "token-problem" }, note);
  const submit = h("button", { class: "primary", testid: "sign-in" }, "Sign in");
  const form = h("form", { class: "door-form" }, h("label", {}, h("span", {}, "Admin token"), token), problem, submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt();
  });
  async function attempt(): Promise<void> {
    submit.disabled = true;
    setText(problem, "");
    const wrong = await tried(token.value.trim());
    submit.disabled = false;
    if (wrong === undefined) return;
    setText(problem, wrong);
    token.select();
  }
  return door(
    "Who is really here?",
    "This page shows nothing without the service's ADMIN_TOKEN. It is kept until this tab is closed.",
    form,
  );
}

export function door(title: string, text: string, ...more: HTMLElement[]): HTMLElement {
  return h(
    "main",
    { class: "door", testid: "door" },
    h(
      "div",
      { class: "card" },
      h("span", { class: "brand" }, h("img", { src: "icon.svg", alt: "" }), "Lastseen operators"),
      h("h1", {}, title),
      h("p", { class: "lead" }, text),
      ...more,
    ),
  );
}
