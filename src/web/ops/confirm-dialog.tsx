import { useLayoutEffect, useRef } from "preact/hooks";

/** One thing that the operator chooses before saying yes. The first option is chosen already. */
export interface Choice {
  readonly name: string;
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly words: string }[];
}

/** What was chosen, by the names of the choices. */
export type Chosen = Readonly<Record<string, string>>;

export interface Question {
  readonly title: string;
  readonly text: string;
  /** The word on the button that says yes. */
  readonly action: string;
  readonly choices?: readonly Choice[];
}

/**
 * Asks before something is done that cannot be undone. Escape and the first button say no.
 *
 * @param props `answer` gets what was chosen; undefined: no
 */
export function ConfirmDialog(props: { question: Question; answer: (chosen: Chosen | undefined) => void }) {
  const { title, text, action, choices = [] } = props.question;
  const chosen = useRef(Object.fromEntries(choices.map(({ name, options }) => [name, options[0]?.value ?? ""])));
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="ask"
      aria-labelledby="ask-title"
      data-testid="ask"
      onClose={(event) => props.answer(event.currentTarget.returnValue === "yes" ? chosen.current : undefined)}
    >
      <h2 id="ask-title">{title}</h2>
      <p>{text}</p>
      {choices.map(({ name, label, options }) => (
        <label key={name} class="ask-choice">
          <span>{label}</span>
          <select
            name={name}
            data-testid={`choose-${name}`}
            onInput={({ currentTarget }) => (chosen.current[name] = currentTarget.value)}
          >
            {options.map(({ value, words }) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
      ))}
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
