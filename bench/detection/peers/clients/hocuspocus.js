import { HocuspocusProvider, HocuspocusProviderWebsocket } from "@hocuspocus/provider";
import { WebSocket } from "ws";

/** How long the states of the others may take to come after the document. */
const STATES_MS = 2_000;

/** @type {import("./types.js").Enter} */
export async function enter({ url, room, name, tell }) {
  const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket });
  const provider = new HocuspocusProvider({ name: room, websocketProvider });
  provider.attach();
  const { awareness } = provider;
  awareness.on("change", ({ added, removed }) => {
    for (const id of added) {
      const person = awareness.getStates().get(id)?.name;
      if (id !== awareness.clientID && person) tell({ event: "joined", id: String(id), name: person });
    }
    // Without a connection the library forgets everybody. That says nothing about them.
    if (provider.isSynced) for (const id of removed) tell({ event: "left", id: String(id) });
  });
  provider.on("synced", () => setTimeout(tellPeople, STATES_MS));
  awareness.setLocalState({ name });
  function tellPeople() {
    const others = [...awareness.getStates()].filter(([id]) => id !== awareness.clientID);
    if (provider.isSynced)
      tell({ event: "people", people: others.map(([id, state]) => ({ id: String(id), name: state.name })) });
  }
  await new Promise((resolve) => provider.on("synced", resolve));
  return {
    leave() {
      provider.destroy();
      websocketProvider.destroy();
    },
  };
}
