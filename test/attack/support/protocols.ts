/** A list of so many different subprotocols, as a header has it. */
export function protocols(count: number): string {
  return Array.from({ length: count }, (_none, n) => `p${n}`).join(",");
}
