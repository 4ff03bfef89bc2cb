/** Hocuspocus with its defaults. Who is there is told by the awareness of a document. */
import { Server } from "@hocuspocus/server";

const server = new Server({ address: "0.0.0.0", port: Number(process.env.PORT), quiet: true });
await server.listen();
