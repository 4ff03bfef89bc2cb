/** Who may call others and watch their statuses: the token of the user's last hello decides. */
import { LastseenError } from "@lastseen/protocol";
import type { Session } from "../session/session.js";

/** @throws LastseenError `forbidden` when the user's token does not allow calls */
export function assertMayCall({ identity }: Session): void {
  if (identity.calls) return;
  throw new LastseenError(
    "forbidden",
    "The token does not allow calls and statuses: its claim calls is false, or it has rooms but not calls: true.",
  );
}
