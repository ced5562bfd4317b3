import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { checkUrl } from '../connection/connect-store.ts';
import { toStoreError } from '../connection/unavailable.ts';

export interface RunnerLockNeeds {
  readonly url: string;
  readonly ssl?: ConnectionOptions | false;
  readonly connectTimeoutMs: number;
  /** Name of the fleet: several may keep their records in one database. */
  readonly fleet: string;
  /** Called once if the lock is lost before `release`. */
  readonly onLost: (error: unknown) => void;
}

/** The lock of the one process in the fleet that records. It lasts as long as a session of the database. */
export interface RunnerLock {
  release(): Promise<void>;
}

/** Any number that no other program locks; the second one is made of the name of the fleet. */
const lockId = 1_912_210_937;
const beatEveryMs = 2000;
/** The server ends the session of a process that says nothing for so long: it hangs, or its machine is gone. */
const silenceMs = 15_000;
const answerTimeoutMs = 5000;

/**
 * Takes the lock; undefined if another process has it. It holds a connection of its own, which a pooler must not share between
 * transactions.
 * @throws StoreUnavailable
 */
export async function takeRunnerLock(needs: RunnerLockNeeds): Promise<RunnerLock | undefined> {
  const { url, ssl = false, connectTimeoutMs, fleet, onLost } = needs;
  checkUrl(url);
  const client = new pg.Client({
    connectionString: url,
    ssl,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
    application_name: 'sluice recorder',
  });
  let beat: NodeJS.Timeout | undefined;
  let isOver = false;

  function end(): void {
    isOver = true;
    clearInterval(beat);
    // A server that is gone would keep a polite farewell waiting.
    void client.end().catch(() => undefined);
  }
  function lose(error: unknown): void {
    if (isOver) return;
    end();
    if (beat !== undefined) onLost(toStoreError(error));
  }

  client.on('error', lose);
  client.on('end', () => lose(new Error('Connection terminated')));
  try {
    await client.connect();
    await client.query(`set idle_session_timeout = ${silenceMs}`);
    const { rows } = await client.query<{ taken: boolean }>(
      'select pg_try_advisory_lock($1::integer, hashtext($2)) as taken',
      [lockId, fleet],
    );
    if (rows[0]?.taken !== true) {
      end();
      return undefined;
    }
  } catch (error) {
    end();
    throw toStoreError(error);
  }
  beat = setInterval(() => void client.query('select 1').catch(lose), beatEveryMs);
  return {
    async release() {
      if (isOver) return;
      isOver = true;
      clearInterval(beat);
      await client.end().catch(() => undefined);
    },
  };
}
