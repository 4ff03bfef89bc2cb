import { h } from "../dom.js";

/** Asks before something is done that cannot be undone. Escape and the first button say no. */
export function confirmed(question: { title: string; text: string; action: string }): Promise<boolean> {
  const no = h("button", { type: "button", class: "ghost" }, "Cancel");
  const yes = h("button", { type: "button", class: "primary danger", testid: "confirm" }, question.action);
  const dialog = h(
    "dialog",
    { class: "ask", "aria-labelledby": "ask-title", testid: "ask" },
    h("h2", { id: "ask-title" }, question.title),
    h("p", {}, question.text),
    h("div", { class: "ask-buttons" }, no, yes),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    no.addEventListener("click", () => dialog.close("no"));
    yes.addEventListener("click", () => dialog.close("yes"));
    dialog.showModal();
  });
}
