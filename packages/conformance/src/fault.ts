/** What a client does wrong, in words for its developer. Every other error is a fault of the tool itself. */
export class Fault extends Error {
  override readonly name = "Fault";
}
