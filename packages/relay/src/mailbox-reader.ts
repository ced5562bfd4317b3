import type { Frame } from '@sluice/protocol';
import { longestBlockMs, type RedisConnection } from '@sluice/redis';
import { createMailboxUpkeep } from './mailbox-upkeep.ts';
import { type Origin, readEntries, type StreamReply } from './read-entries.ts';

/**
 * Reads this process's mailboxes: one blocking connection, one loop, no consumer group. The loop never waits for the
 * handlers of the frames. On a Redis Cluster the mailboxes may lie on different nodes, which a single XREAD cannot
 * read: each mailbox gets its own connection there.
 */
export interface MailboxReader {
  /** Creates the mailboxes and starts to read. Rejects when Redis cannot be reached. */
  start(): Promise<void>;
  /** Stops reading and removes the mailboxes, so that writers notice at once that this process is gone. */
  close(): Promise<void>;
}

export interface MailboxReaderNeeds {
  /** Opens a connection of the `blocking` role; called once per loop. */
  readonly connectBlocking: () => RedisConnection;
  /** Connection that creates, trims and renews the mailboxes. */
  readonly connection: RedisConnection;
  readonly mailboxKeys: readonly string[];
  /** True on a Redis Cluster. */
  readonly isCluster: boolean;
  /** Called when a mailbox that Redis had lost exists again; its unread frames are lost. */
  readonly onRestored?: (() => void) | undefined;
  /** Handles a batch; must not block or throw. `origin` is absent if a script wrote the batch. */
  readonly onFrames: (frames: readonly Frame[], origin: Origin | undefined) => void;
  readonly onError: (error: unknown) => void;
}

const renewEveryMs = 1000;
const readCount = 1000;
const retryDelayMs = 100;

export function createMailboxReader(needs: MailboxReaderNeeds): MailboxReader {
  const lastIds = new Map<string, string>();
  const blocking: RedisConnection[] = [];
  const loops: Promise<void>[] = [];
  const upkeep = createMailboxUpkeep({ ...needs, lastIds });
  const entryNeeds = { lastIds, onFrames: needs.onFrames, onError: needs.onError };
  let renewing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let mustFollow = false;
  let isClosed = false;

  function renewNow(): void {
    renewing ??= upkeep
      .renew()
      .then(followCommands)
      .catch(needs.onError)
      .finally(() => (renewing = undefined));
  }

  function commandsAreBack(): void {
    mustFollow = !needs.isCluster;
    renewNow();
  }

  /**
   * Reopens the reading connections after the command connection was lost, possibly because its server has become a
   * replica. A replica refuses writes but still answers reads, with nothing new in them. Waits until a write was
   * accepted: while there is no master, the command connection is lost again and again.
   */
  function followCommands(): void {
    if (!mustFollow || isClosed) return;
    mustFollow = false;
    for (const connection of blocking) if (connection.status === 'ready') connection.disconnect(true);
  }

  async function read(connection: RedisConnection, keys: readonly string[]): Promise<void> {
    while (!isClosed) {
      const ids = keys.map((key) => lastIds.get(key) ?? '0');
      try {
        const reply = (await connection.xread(
          'COUNT',
          readCount,
          'BLOCK',
          longestBlockMs,
          'STREAMS',
          ...keys,
          ...ids,
        )) as StreamReply | null;
        if (reply !== null) readEntries(entryNeeds, reply);
      } catch (error) {
        if (isClosed) return;
        needs.onError(error);
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
      }
    }
  }

  return {
    async start() {
      await Promise.all(needs.mailboxKeys.map(upkeep.create));
      const groups = needs.isCluster ? needs.mailboxKeys.map((key) => [key]) : [needs.mailboxKeys];
      for (const keys of groups) {
        const connection = needs.connectBlocking();
        blocking.push(connection);
        loops.push(read(connection, keys));
      }
      timer = setInterval(renewNow, renewEveryMs);
      needs.connection.on('ready', commandsAreBack);
    },

    async close() {
      isClosed = true;
      upkeep.close();
      clearInterval(timer);
      needs.connection.off('ready', commandsAreBack);
      // ioredis never answers a command when it is stopped between two attempts to connect.
      const answered = loops.filter((_, at) => blocking[at]?.status !== 'reconnecting');
      for (const connection of blocking) connection.disconnect();
      await Promise.all(answered);
      await renewing;
      await Promise.allSettled(needs.mailboxKeys.map((key) => needs.connection.unlink(key)));
    },
  };
}
