/** How many handshakes or greetings are under way at once. */
const IN_FLIGHT = 32;

/** Does something for the numbers 0 to `count` - 1, some at a time, in order. */
export async function forAll(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const runner = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, runner));
}
