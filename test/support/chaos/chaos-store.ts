/** The Redis of a chaos run: something that can fail over, die and lose its data. */
export interface ChaosStore {
  /** For nodes that find the masters themselves. */
  readonly url: string;
  /** What the nodes need beside the address. */
  readonly settings: Readonly<Record<string, string>>;
  /** The one master, to which proxies can lead; undefined where there are several. */
  readonly masterPort: number | undefined;
  /** All members of a cluster, masters and replicas; empty where there is none. */
  readonly memberPorts: readonly number[];
  masterPorts(): Promise<readonly number[]>;
  /** Resolves when every master has its replica, so that a failover can begin. */
  isWhole(): Promise<void>;
  /** A replica takes the place of its master. Nothing is lost. */
  failOver(): Promise<void>;
  /** A master is gone, and its last writes with it. It comes back as a replica. */
  killMaster(): Promise<void>;
  loseAllData(): Promise<void>;
  /** Number of entries of a hash. */
  count(name: "sessions" | "rooms" | "leases"): Promise<number>;
  stop(): Promise<void>;
}
