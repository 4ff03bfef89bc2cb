import { useLayoutEffect, useRef } from "preact/hooks";

export interface Question {
  readonly title: string;
  readonly text: string;
  /** The word on the button that says yes. */
  readonly action: string;
}

/** Asks before something is done that cannot be undone. Escape and the first button say no. */
export function ConfirmDialog(props: { question: Question; answer: (yes: boolean) => void }) {
  const { title, text, action } = props.question;
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="ask"
      aria-labelledby="ask-title"
      data-testid="ask"
      onClose={(event) => props.answer(event.currentTarget.returnValue === "yes")}
    >
      <h2 id="ask-title">{title}</h2>
      <p>{text}</p>
      <div class="ask-buttons">
        <button type="button" class="ghost" onClick={() => dialog.current?.close("no")}>
          Cancel
        </button>
        <button type="button" class="primary danger" data-testid="confirm" onClick={() => dialog.current?.close("yes")}>
          {action}
        </button>
      </div>
    </dialog>
  );
}
