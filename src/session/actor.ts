/** Who asked for something that ends, closes or moves sessions. Goes into the log and into the timelines. */
export interface Actor {
  /**
   * The name of the setting whose token the request had, never the token itself: `ADMIN_TOKEN`. `nobody`: the API is open, and
   * no token was needed. `application`: the code of the application that uses the plugin. `REBALANCE_PER_SECOND`: the service itself, to give a
   * node its share.
   */
  readonly name: string;
  /** Where the request came from. Missing when it did not come by HTTP. */
  readonly address?: string;
}
