import type { TestService } from "../../support/service.js";

export const TOKEN = "the-right-token-of-an-operator";
export const BY = { name: "ADMIN_TOKEN", address: "127.0.0.1" };

interface Block {
  userId: string;
  roomId: string | null;
  blockedAt: number;
  expiresAt: number;
  by: { name: string; address?: string };
}

/** What an operator with the admin token asks of this node. */
export function operatorOf(service: Pick<TestService, "http">) {
  const act = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${service.http}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  const query = (roomId?: string): string => (roomId === undefined ? "" : `?roomId=${encodeURIComponent(roomId)}`);
  const pathOf = (userId: string): string => `/users/${encodeURIComponent(userId)}/block`;
  return {
    act,
    block: (userId: string, block: object = { seconds: 60 }) => act("PUT", pathOf(userId), block),
    unblock: (userId: string, roomId?: string) => act("DELETE", pathOf(userId) + query(roomId)),
    async blocks(filter = ""): Promise<Block[]> {
      return ((await (await act("GET", `/blocks${filter}`)).json()) as { blocks: Block[] }).blocks;
    },
    async steps(sessionId: string): Promise<{ step: string; detail: Record<string, unknown> }[]> {
      const response = await act("GET", `/sessions/${sessionId}/timeline`);
      return ((await response.json()) as { entries: { step: string; detail: Record<string, unknown> }[] }).entries;
    },
  };
}
