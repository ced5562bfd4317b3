import type { RedisConnection } from '@sluice/redis';

/** Creates the mailboxes of a process, and keeps them alive and short. */
export interface MailboxUpkeep {
  /** Creates a mailbox. Rejects when Redis cannot be reached. */
  create(key: string): Promise<void>;
  /** Renews and trims the mailboxes, and recreates those that Redis lost with its data. */
  renew(): Promise<void>;
  close(): void;
}

export interface MailboxUpkeepNeeds {
  readonly connection: Pick<RedisConnection, 'xadd' | 'pexpire' | 'xtrim'>;
  readonly mailboxKeys: readonly string[];
  /** Id of the last entry that was read, by mailbox. */
  readonly lastIds: Map<string, string>;
  /** Called when a mailbox that Redis had lost exists again; its unread frames are lost. */
  readonly onRestored?: (() => void) | undefined;
}

/** TTL (ms) of a mailbox whose process crashed. */
const mailboxTtlMs = 60_000;

export function createMailboxUpkeep(needs: MailboxUpkeepNeeds): MailboxUpkeep {
  const { connection, mailboxKeys, lastIds, onRestored } = needs;
  const trimmedTo = new Map<string, string>();
  let isClosed = false;

  async function create(key: string): Promise<void> {
    const id = await connection.xadd(key, '*', 'f', '');
    if (id !== null) lastIds.set(key, id);
    await connection.pexpire(key, mailboxTtlMs);
  }

  /** Trims exactly, including the latest entry: tenants' answers must not stay in Redis longer than necessary. */
  async function trim(key: string): Promise<void> {
    const lastId = lastIds.get(key);
    if (lastId === undefined || trimmedTo.get(key) === lastId) return;
    await connection.xtrim(key, 'MINID', '=', idAfter(lastId));
    trimmedTo.set(key, lastId);
  }

  return {
    create,
    async renew() {
      let hasRestored = false;
      for (const key of mailboxKeys) {
        const isThere = await connection.pexpire(key, mailboxTtlMs);
        if (isClosed) return;
        if (isThere === 0) {
          await create(key);
          hasRestored = true;
        }
        await trim(key);
      }
      if (hasRestored) onRestored?.();
    },
    close: () => void (isClosed = true),
  };
}

/** Returns the next possible id in a stream. */
function idAfter(id: string): string {
  const [ms, count] = id.split('-');
  return `${ms}-${BigInt(count ?? 0) + 1n}`;
}
