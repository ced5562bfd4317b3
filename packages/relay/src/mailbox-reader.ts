import { decodeFrames, type Frame } from '@sluice/protocol';
import { longestBlockMs, type RedisConnection } from '@sluice/redis';

/**
 * Reads this process's mailboxes: one blocking connection, one loop, no consumer group. The loop never waits for
 * whoever handles the frames. On a Redis Cluster the mailboxes may lie on different nodes, which no single XREAD can
 * read: there each gets a connection of its own.
 */
export interface MailboxReader {
  /** Creates the mailboxes and begins to read. Rejects when Redis cannot be reached. */
  start(): Promise<void>;
  /** Stops reading and removes the mailboxes, so that writers see at once that this process is gone. */
  close(): Promise<void>;
}

export interface MailboxReaderNeeds {
  /** Opens a connection of the `blocking` role; called once per loop. */
  readonly connectBlocking: () => RedisConnection;
  /** For creating, trimming and renewing the mailboxes. */
  readonly connection: RedisConnection;
  readonly mailboxKeys: readonly string[];
  /** True on a Redis Cluster. */
  readonly isCluster: boolean;
  /** Redis had lost a mailbox, and with it what nobody had read yet; it is there again. */
  readonly onRestored?: (() => void) | undefined;
  /** `origin` is absent where a script wrote the batch. Must not block and must not throw. */
  readonly onFrames: (frames: readonly Frame[], origin: Origin | undefined) => void;
  readonly onError: (error: unknown) => void;
}

/** The origin of a batch. */
export interface Origin {
  readonly processId: string;
  /** The writer's clock, ms since 1970. */
  readonly sentAt: number;
}

/** A mailbox whose process died without a word disappears after this time. */
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

  /** Keeps the mailboxes alive and short; brings back those that a Redis without its data has lost. */
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
      // Exactly, and the latest one too: answers of tenants are not to lie there longer than they must.
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
   * The connection for commands was lost, perhaps since its server is no master any more. That refuses to write, but goes
   * on answering reads, with nothing new in them: the reading connections are opened anew too. Not before a write was
   * taken: while there is no master, the connection for commands comes back again and again.
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
        // Not a batch of ours. Whatever it should have been is missed by its sequence number.
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
      // ioredis never answers a command when it is told to stop between two tries to connect.
      const answered = loops.filter((_, at) => blocking[at]?.status !== 'reconnecting');
      for (const connection of blocking) connection.disconnect();
      await Promise.all(answered);
      await renewing;
      await Promise.allSettled(needs.mailboxKeys.map((key) => needs.connection.unlink(key)));
    },
  };
}

/** The id that follows one in a stream. */
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
