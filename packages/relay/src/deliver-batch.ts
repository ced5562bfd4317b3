import { encodeFrame, type Frame } from '@sluice/protocol';
import type { RedisConnection } from '@sluice/redis';

export interface DeliverNeeds {
  /** Connection of the `writer` role: it waits for an absent Redis. */
  readonly connection: Pick<RedisConnection, 'xadd'>;
  /** Id of the writing process. */
  readonly processId: string;
  readonly mailboxKey: (destination: string) => string;
  readonly onError: (error: unknown) => void;
  /** Returns the time in ms since 1970. */
  readonly now: () => number;
}

/**
 * Maximum of kept entries when a reader stops trimming; a batch is one entry. At a batch per millisecond this is a
 * minute, twice the time that a client may stall. A trimmed unread entry causes a gap in `seq`.
 */
const maxEntries = 60_000;
/** Time (ms) for which a batch that Redis refuses (out of memory, for example) is retried. */
const giveUpAfterMs = 10_000;
const retryDelayMs = 200;
/**
 * Maximum absence (ms) of a mailbox: a Redis that returns without its data has lost the mailbox, and a live process
 * recreates it at its next renewal (every second).
 */
const missingForMs = 2000;

/**
 * Writes a batch into a mailbox, and repeats it until Redis has taken it. Returns false if the mailbox is gone, or Redis
 * kept refusing the batch.
 *
 * @param isClosed ends the repetitions
 */
export async function deliverBatch(
  { connection, processId, mailboxKey, onError, now }: DeliverNeeds,
  { destination, frames, isClosed }: { destination: string; frames: readonly Frame[]; isClosed: () => boolean },
): Promise<boolean> {
  const startedAt = now();
  let missingSince: number | undefined;
  const key = mailboxKey(destination);
  const batch = frames.map(encodeFrame).join('');
  for (;;) {
    try {
      const origin = `${processId} ${now()}`;
      const id = await connection.xadd(key, 'NOMKSTREAM', 'MAXLEN', '~', maxEntries, '*', 'o', origin, 'f', batch);
      if (id !== null) return true;
      missingSince ??= now();
      if (isClosed() || now() - missingSince > missingForMs) return false;
    } catch (error) {
      onError(error);
      if (isClosed() || now() - startedAt > giveUpAfterMs) return false;
    }
    await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
  }
}
