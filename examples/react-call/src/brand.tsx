import type { ReactNode } from "react";

export function Brand(): ReactNode {
  return (
    <p className="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <circle className="brand-ring" cx="16" cy="16" r="13" />
        <circle className="brand-ring brand-ring-inner" cx="16" cy="16" r="7.5" />
        <circle className="brand-dot" cx="16" cy="16" r="3.5" />
      </svg>
      React call
    </p>
  );
}
