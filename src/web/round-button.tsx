import { Icon, type IconName } from "./icon.js";

/**
 * A button of the bar below a call.
 *
 * @param pressed undefined: the button is no switch
 */
export function RoundButton(props: {
  testid: string;
  icon: IconName;
  label: string;
  look?: "danger" | "side-button";
  pressed?: boolean;
  onClick: () => void;
}) {
  const { testid, icon, label, look, pressed } = props;
  return (
    <button
      type="button"
      class={look ? `round ${look}` : "round"}
      data-testid={testid}
      data-icon={icon}
      data-on={pressed ? "" : undefined}
      aria-pressed={pressed}
      aria-label={label}
      title={label}
      onClick={props.onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
