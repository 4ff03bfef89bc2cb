/** How the service reaches Redis. */
import Type from "typebox";
import { File, Form, Password, Text } from "./setting-kinds.js";

export const redis = {
  REDIS_URL: Type.Optional(
    Form("^rediss?(\\+(sentinel|cluster))?://.+", {
      description:
        "Redis makes this node one of many; see [many-nodes.md](many-nodes.md). User and password may be part of it.",
      forms: "a redis://, redis+sentinel:// or redis+cluster:// URL, or one of these with rediss for TLS",
      unset: "this node is alone",
      secret: "url",
    }),
  ),
  REDIS_PREFIX: Form("^[A-Za-z0-9_.:-]{1,64}$", {
    description:
      "What the names of all keys and channels in Redis begin with. Services with different prefixes can share a Redis and do not see each other.",
    forms: "1 to 64 letters, digits or any of _ . : -",
  }),
  REDIS_SHARDS: Type.Integer({
    minimum: 1,
    maximum: 64,
    description:
      "Over how many hash tags of a Redis Cluster rooms and sessions are divided. 1 is enough for nearly everybody; see [scale.md](scale.md). The same number on all nodes; to change it, stop all nodes and delete the keys.",
  }),
  REDIS_USERNAME: Type.Optional(Text("The user of Redis's access control lists.", { unset: "the user `default`" })),
  REDIS_PASSWORD: Type.Optional(
    Password({ description: "The password of that user, instead of one in `REDIS_URL`.", unset: "no password" }),
  ),
  REDIS_SENTINEL_USERNAME: Type.Optional(
    Text("The same for the sentinels of a `redis+sentinel://` URL.", { unset: "the user `default`" }),
  ),
  REDIS_SENTINEL_PASSWORD: Type.Optional(
    Password({ description: "The password that the sentinels ask for.", unset: "no password" }),
  ),
  REDIS_CA_FILE: Type.Optional(
    File(
      "The certificates of your own authority, in PEM form, for `rediss://`.",
      "the authorities that Node.js trusts, with those in `NODE_EXTRA_CA_CERTS`",
    ),
  ),
  REDIS_CERT_FILE: Type.Optional(
    File("The service's own certificate, in PEM form, where Redis asks for one.", "the service shows no certificate"),
  ),
  REDIS_KEY_FILE: Type.Optional(
    File("The private key of `REDIS_CERT_FILE`, in PEM form, without a passphrase.", "none"),
  ),
};
