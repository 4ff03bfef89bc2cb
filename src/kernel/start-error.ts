/**
 * The service cannot start for a reason that its operator can mend. The message is one line that names the setting; the
 * stack tells nothing more.
 */
export class StartError extends Error {
  override readonly name = "StartError";
}
