import { Redis, type SentinelConnectionOptions, SentinelConnector } from 'ioredis';

/*
 * ioredis queries sentinels, and cluster nodes for the layout of the cluster, over its own connections and does not
 * report their errors: after a refused certificate the only message left is "Connection is closed".
 */

/** Returns ioredis's connector that finds a master, extended to report the errors of its sentinel connections. */
export const hearingConnector = (onError: (error: Error) => void): new (options: unknown) => SentinelConnector =>
  class extends SentinelConnector {
    /** @param options options of the connection, as ioredis passes them to its own connector */
    constructor(options: unknown) {
      super(options as SentinelConnectionOptions);
      hear(this, 'connectToSentinel', onError);
    }
  };

/** Reports the errors of the connections that query a cluster node for the layout of the cluster. */
export const hearRefreshes = (node: Redis, onError: (error: Error) => void): void => hear(node, 'duplicate', onError);

/** @param name name of a method that creates a connection */
function hear(maker: object, name: string, onError: (error: Error) => void): void {
  const make: unknown = Reflect.get(maker, name);
  if (typeof make !== 'function') return;
  Reflect.set(maker, name, (...args: unknown[]): unknown => {
    const made: unknown = Reflect.apply(make, maker, args);
    if (made instanceof Redis) made.on('error', onError);
    return made;
  });
}
