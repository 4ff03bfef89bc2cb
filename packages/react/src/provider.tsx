import type { ConnectOptions, LastseenClient } from "@lastseen/client";
import type { LastseenMedia } from "@lastseen/client/media";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { ClientOwner } from "./client-owner.js";

interface Given {
  readonly client: LastseenClient;
  readonly media: LastseenMedia | undefined;
}

const Context = createContext<Given | undefined>(undefined);

interface Common {
  /** The client's media, when the page makes it itself, for example with a rule for what it receives. */
  readonly media?: LastseenMedia;
  readonly children?: ReactNode;
}

/** Either the options of a client, or a client. */
export type LastseenProviderProps = Common &
  (
    | {
        /**
         * The provider makes a client, which is connected while the provider is mounted. Another `url` or `user.id` makes
         * another client. The newest `getToken` counts; other changes have no effect.
         */
        readonly options: ConnectOptions;
        readonly client?: undefined;
      }
    | {
        /** The page has made the client, and starts and stops it itself. */
        readonly client: LastseenClient;
        readonly options?: undefined;
      }
  );

/** Gives a client to the hooks and components below it. */
export function LastseenProvider({ media, children, ...props }: LastseenProviderProps): ReactNode {
  if (props.client) return <Giver client={props.client} media={media} children={children} />;
  return <Owner options={props.options} media={media} children={children} />;
}

interface Below {
  readonly media: LastseenMedia | undefined;
  readonly children: ReactNode;
}

function Owner({ options, media, children }: Below & { options: ConnectOptions }): ReactNode {
  const identity = JSON.stringify([options.url, options.user?.id]);
  const [held, setHeld] = useState(() => ({ identity, owner: new ClientOwner(options) }));
  // React renders again at once with the new owner. The effect below then stops the old one.
  if (held.identity !== identity) setHeld({ identity, owner: new ClientOwner(options) });
  const { owner } = held;
  useEffect(() => owner.update(options), [owner, options]);
  useEffect(() => owner.mount(), [owner]);
  return <Giver client={owner.client} media={media} children={children} />;
}

function Giver({ client, media, children }: Below & { client: LastseenClient }): ReactNode {
  const given = useMemo(() => ({ client, media }), [client, media]);
  return <Context.Provider value={given}>{children}</Context.Provider>;
}

/** What the nearest provider gives. @throws Error without a provider */
export function useGiven(): Given {
  const given = useContext(Context);
  if (!given) throw new Error("There is no client here. Put <LastseenProvider> around this component.");
  return given;
}

/** The client, for everything that has no hook of its own. */
export function useClient(): LastseenClient {
  return useGiven().client;
}
