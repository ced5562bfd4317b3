import { Redis, type SentinelConnectionOptions, SentinelConnector } from 'ioredis';

/*
 * ioredis asks sentinels, and the nodes of a cluster for their slots, over connections of its own whose errors it does not
 * tell: of a certificate that is refused nothing is left but "Connection is closed".
 */

/** The connector of ioredis that finds a master, which tells the errors of its connections to the sentinels. */
export const hearingConnector = (onError: (error: Error) => void): new (options: unknown) => SentinelConnector =>
  class extends SentinelConnector {
    /** @param options those of the connection, as ioredis gives them to its own connector */
    constructor(options: unknown) {
      super(options as SentinelConnectionOptions);
      hear(this, 'connectToSentinel', onError);
    }
  };

/** Tells the errors of the connections by which a node of a cluster is asked for the slots. */
export const hearRefreshes = (node: Redis, onError: (error: Error) => void): void => hear(node, 'duplicate', onError);

/** @param name of a method that makes a connection */
function hear(maker: object, name: string, onError: (error: Error) => void): void {
  const make: unknown = Reflect.get(maker, name);
  if (typeof make !== 'function') return;
  Reflect.set(maker, name, (...args: unknown[]): unknown => {
    const made: unknown = Reflect.apply(make, maker, args);
    if (made instanceof Redis) made.on('error', onError);
    return made;
  });
}
