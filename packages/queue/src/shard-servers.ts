/**
 * The servers that hold the shards, by their ids. A server that was restarted, or took over from another, may have lost
 * the latest writes.
 */
export interface ShardServers {
  /** Returns the server that a command addresses: the one seen before sending, since the command may be sent twice. */
  of(shard: number, record: string): Promise<string>;
  /** Notes which server has answered a command for a shard. */
  learn(shard: number, server: string): void;
  /** Asks each known shard for its server. */
  recheck(): Promise<void>;
}

export interface ShardServersNeeds {
  /** Asks the server of this key for its id. */
  readonly identify: (key: string) => Promise<string>;
  /** Returns any key of a shard. */
  readonly keyIn: (shard: number) => string;
  /** Called when a different server holds a shard. */
  readonly onMoved: () => void;
}

export function createShardServers({ identify, keyIn, onMoved }: ShardServersNeeds): ShardServers {
  const servers = new Map<number, string>();

  function learn(shard: number, server: string): void {
    const before = servers.get(shard);
    servers.set(shard, server);
    if (before !== undefined && before !== server) onMoved();
  }

  return {
    async of(shard, record) {
      const known = servers.get(shard);
      if (known !== undefined) return known;
      const server = await identify(record);
      if (!servers.has(shard)) servers.set(shard, server);
      return server;
    },
    learn,
    async recheck() {
      await Promise.all([...servers.keys()].map(async (shard) => learn(shard, await identify(keyIn(shard)))));
    },
  };
}
