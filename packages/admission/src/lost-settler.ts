import { defineScript, type Keys, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';

/** Settles the requests of killed ingresses. */
export interface LostSettler {
  /**
   * Looks at all open entries once, in parts. Resolves to the number of requests that it has settled. Several processes
   * may do so at once.
   * @throws the connection's error when Redis is away
   */
  settleAll(): Promise<number>;
}

export interface LostSettlerNeeds {
  readonly connection: RedisConnection;
  readonly keys: Pick<Keys, 'leases' | 'vouched' | 'waiters' | 'openEntries' | 'ledger' | 'admissionPrefix'>;
  /** The lost requests get entries in the ledger, because a database is configured. */
  readonly isRecorded: boolean;
  /** A pass that begins within this time of another one, of any process, does nothing. In ms; 0 = none. */
  readonly pauseMs: number;
}

/** Open entries of one call; bounds its time in Redis to about 0.2 ms. */
const partSize = 100;

const reply = z.tuple([z.string(), z.number().int()]);
const settleScript = defineScript(new URL('../lua/settle-lost-6.lua', import.meta.url), (value) => reply.parse(value));

export function createLostSettler({ connection, keys, isRecorded, pauseMs }: LostSettlerNeeds): LostSettler {
  const names = [keys.leases, keys.vouched, keys.waiters, keys.openEntries, keys.ledger, keys.admissionPrefix];
  return {
    async settleAll() {
      let cursor = '0';
      let sum = 0;
      do {
        const args = [cursor, partSize, isRecorded ? 1 : 0, pauseMs];
        const [next, settled] = await settleScript.run(connection, names, args);
        cursor = next;
        sum += settled;
      } while (cursor !== '0');
      return sum;
    },
  };
}
