import type { ReactNode } from "react";

interface IconProps {
  /** What it says to people who do not see it; nothing beside a text. */
  readonly label?: string;
}

function icon(shape: ReactNode) {
  return function Icon({ label }: IconProps): ReactNode {
    return (
      <svg
        className="icon"
        viewBox="0 0 24 24"
        role={label ? "img" : undefined}
        aria-label={label}
        aria-hidden={label ? undefined : true}
      >
        {shape}
      </svg>
    );
  };
}

const mic = (
  <>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
  </>
);
const camera = (
  <>
    <rect x="3" y="6.5" width="12" height="11" rx="2.5" />
    <path d="m15 10.5 5.5-3v9l-5.5-3" />
  </>
);
const slash = <path className="slash" d="M4 4l16 16" />;
const handset = (
  <path d="M6.5 3.5h2.6l1.6 4.3-2 1.6a12.5 12.5 0 0 0 5.9 5.9l1.6-2 4.3 1.6v2.6a2 2 0 0 1-2.1 2A16 16 0 0 1 4.5 5.6a2 2 0 0 1 2-2.1Z" />
);

export const MicIcon = icon(mic);
export const MicOffIcon = icon(
  <>
    {mic}
    {slash}
  </>,
);
export const CameraIcon = icon(camera);
export const CameraOffIcon = icon(
  <>
    {camera}
    {slash}
  </>,
);
export const PhoneIcon = icon(handset);
export const HangUpIcon = icon(<g transform="rotate(135 12 12)">{handset}</g>);
export const ScreenIcon = icon(
  <>
    <rect x="3" y="4.5" width="18" height="12" rx="2.5" />
    <path d="M12 13.5v-5m-2.5 2.3L12 8.3l2.5 2.5M8.5 20h7" />
  </>,
);
export const GearIcon = icon(
  <>
    <path d="M4 7.5h9m4.5 0H20M4 16.5h2.5m4.5 0h9" />
    <circle cx="15.2" cy="7.5" r="2.3" />
    <circle cx="8.8" cy="16.5" r="2.3" />
  </>,
);
export const SoundIcon = icon(
  <path d="M4 9.5v5h3.5l5 4v-13l-5 4Zm12.2-1a5 5 0 0 1 0 7m2.6-9.6a8.6 8.6 0 0 1 0 12.2" />,
);
