/** The telephone's page: the call, or else a field for the user to call, and the missed calls. */
import { Brand } from "./brand.js";
import { CallPanel } from "./call-panel.js";
import { ConnectionBanner, ConnectionPill } from "./connection-banner.js";
import { DialCard } from "./dial-card.js";
import type { PhoneStore } from "./phone-store.js";

export function PhonePage({ store }: { store: PhoneStore }) {
  const call = store.call.value;
  const notice = store.notice.value;
  return (
    <div class="phone" data-testid="phone" data-call-state={call?.state ?? "idle"}>
      <header>
        <Brand />
        <h1>
          <bdi>{store.user.name}</bdi>
        </h1>
        <ConnectionPill status={store.connection} />
      </header>
      <ConnectionBanner status={store.connection} />
      <main>
        <p class="note" data-testid="phone-notice" role="status" hidden={!notice} data-reason={notice?.reason}>
          {notice?.text}
        </p>
        <CallPanel store={store} />
        <DialCard store={store} hidden={call !== undefined} />
      </main>
    </div>
  );
}
