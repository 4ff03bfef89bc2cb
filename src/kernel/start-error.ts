/**
 * The service cannot start, and its operator can change that. The message is one line that names the setting; the stack
 * is of no use to anybody.
 */
export class StartError extends Error {
  override readonly name = "StartError";
}
