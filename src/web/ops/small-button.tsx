import type { ComponentChildren } from "preact";

/**
 * A button in a row or a bar.
 *
 * @param label what a screen reader says, where the text alone does not tell what it acts on
 * @param danger whether its action cannot be undone
 */
export function SmallButton(props: {
  testid?: string;
  label?: string | undefined;
  danger?: boolean;
  disabled?: boolean;
  onClick: () => void;
  children: ComponentChildren;
}) {
  return (
    <button
      type="button"
      class={props.danger ? "ghost small danger-text" : "ghost small"}
      data-testid={props.testid}
      aria-label={props.label}
      disabled={props.disabled ?? false}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}
