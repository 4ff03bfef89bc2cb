/** A program that opens a store at the URL in its arguments and prints whether it could register. Trusts NODE_EXTRA_CA_CERTS. */
import { RedisStore } from "../../../src/redis/redis-store.js";

const store = new RedisStore({
  url: process.argv[2] ?? "",
  onListenerError: (error) => {
    throw error;
  },
});
store.on("up", () => void register());

async function register(): Promise<void> {
  const { leaseMs } = await store.directory("a").register(undefined);
  process.stdout.write(`registered ${leaseMs}\n`);
  await store.close();
}
