import { decodeFrames, type Frame } from '@sluice/protocol';
import { longestBlockMs, type RedisConnection } from '@sluice/redis';

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

/** Origin of a batch. */
export interface Origin {
  readonly processId: string;
  /** Time on the writer's clock, in ms since 1970. */
  readonly sentAt: number;
}

/** TTL (ms) of a mailbox whose process crashed. */
const mailboxTtlMs = 60_000;
const renewEveryMs = 1000;
const readCount = 1000;
const retryDelayMs = 100;

type StreamReply = readonly [key: string, entries: readonly [id: string, fields: readonly string[]][]][];

export function createMailboxReader(needs: MailboxReaderNeeds): MailboxReader {
  const lastIds = new Map<string, string>();
  const trimmedTo = new Map<string, string>();
  const blocking: RedisConnection[] = [];
  const loops: Promise<void>[] = [];
  let renewing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let mustFollow = false;
  let isClosed = false;

  async function create(key: string): Promise<void> {
    const id = await needs.connection.xadd(key, '*', 'f', '');
    if (id !== null) lastIds.set(key, id);
    await needs.connection.pexpire(key, mailboxTtlMs);
  }

  /** Keeps the mailboxes alive and short, and recreates the mailboxes that Redis lost with its data. */
  async function renew(): Promise<void> {
    let hasRestored = false;
    for (const key of needs.mailboxKeys) {
      const isThere = await needs.connection.pexpire(key, mailboxTtlMs);
      if (isClosed) return;
      if (isThere === 0) {
        await create(key);
        hasRestored = true;
      }
      const lastId = lastIds.get(key);
      if (lastId === undefined || trimmedTo.get(key) === lastId) continue;
      // Trims exactly, including the latest entry: tenants' answers must not stay in Redis longer than necessary.
      await needs.connection.xtrim(key, 'MINID', '=', idAfter(lastId));
      trimmedTo.set(key, lastId);
    }
    if (hasRestored) needs.onRestored?.();
  }

  function renewNow(): void {
    renewing ??= renew()
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
        for (const [key, entries] of reply ?? []) take(key, entries);
      } catch (error) {
        if (isClosed) return;
        needs.onError(error);
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
      }
    }
  }

  function take(key: string, entries: StreamReply[number][1]): void {
    for (const [id, fields] of entries) {
      lastIds.set(key, id);
      const batch = fieldOf(fields, 'f');
      if (batch === undefined || batch === '') continue;
      try {
        needs.onFrames(decodeFrames(batch), originOf(fieldOf(fields, 'o')));
      } catch (error) {
        // Not a batch of Sluice. If a batch is missing, a gap in the sequence numbers reveals it.
        needs.onError(error);
      }
    }
  }

  return {
    async start() {
      await Promise.all(needs.mailboxKeys.map(create));
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

/** Returns the next possible id in a stream. */
function idAfter(id: string): string {
  const [ms, count] = id.split('-');
  return `${ms}-${BigInt(count ?? 0) + 1n}`;
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < fields.length; at += 2) if (fields[at] === name) return fields[at + 1];
  return undefined;
}

function originOf(text: string | undefined): Origin | undefined {
  const [processId, sentAt] = text?.split(' ') ?? [];
  return processId === undefined || sentAt === undefined ? undefined : { processId, sentAt: Number(sentAt) };
}
