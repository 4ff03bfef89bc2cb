import { BlockList, isIP } from "node:net";

/** Whether the text is an IP address, or a network in the form `10.0.0.0/8`. */
export function isAddressOrNetwork(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** So many answers are remembered: the same few proxies open most connections, and each connection asks several times. */
const MOST_REMEMBERED = 1_000;
/** No address is longer. Longer text is not remembered, because a client can send any. */
const LONGEST = 45;

/** @param list addresses and networks, each as {@link isAddressOrNetwork} allows */
export function addressMatcher(list: readonly string[]): (address: string) => boolean {
  const known = new BlockList();
  for (const entry of list) {
    const [address = "", bits] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) known.addAddress(address, family);
    else known.addSubnet(address, Number(bits), family);
  }
  const answers = new Map<string, boolean>();
  return (address) => {
    let answer = answers.get(address);
    if (answer === undefined) {
      answer = isIn(known, address);
      if (address.length > LONGEST) return answer;
      if (answers.size >= MOST_REMEMBERED) answers.clear();
      answers.set(address, answer);
    }
    return answer;
  };
}

function isIn(known: BlockList, address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  return isIP(plain) !== 0 && known.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4");
}
