import { defineScript, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';
import { outboxLifeMs } from './stream-upkeep.ts';

/** Moves the open entries of dead processes to their outbox. */
export interface OpenSettler {
  /** Looks once. Returns the number of entries that were moved. */
  settle(): Promise<number>;
}

export interface OpenSettlerNeeds {
  readonly connection: RedisConnection;
  /** Set of the processes with open entries. */
  readonly processesKey: string;
  readonly openKey: (processId: string) => string;
  /** Key that exists while a process lives. */
  readonly aliveKey: (processId: string) => string;
  /** Stream that gets the entries. */
  readonly outboxKey: string;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const settleScript = defineScript(new URL('../lua/settle-open-3.lua', import.meta.url), (reply) =>
  z.number().parse(reply),
);

/**
 * Time (ms) without a sign of life after which a process counts as dead: a Redis that has lost its data gets the signs of all
 * processes again within half a second.
 */
const deadAfterMs = 5000;
/** Most entries of a batch of the outbox. */
const batchEntries = 100;

export function createOpenSettler(needs: OpenSettlerNeeds): OpenSettler {
  const { connection, processesKey, openKey, aliveKey, outboxKey, now } = needs;
  /** Processes without a sign of life, with the time of the first look that found none. */
  const silentSince = new Map<string, number>();

  async function settleOne(processId: string): Promise<number> {
    if ((await connection.exists(aliveKey(processId))) > 0) {
      silentSince.delete(processId);
      return 0;
    }
    const since = silentSince.get(processId) ?? now();
    silentSince.set(processId, since);
    if (now() - since < deadAfterMs) return 0;
    silentSince.delete(processId);
    return settleScript.run(
      connection,
      [openKey(processId), processesKey, outboxKey],
      [processId, outboxLifeMs, batchEntries],
    );
  }

  return {
    async settle() {
      const processes = await connection.smembers(processesKey);
      for (const known of silentSince.keys()) if (!processes.includes(known)) silentSince.delete(known);
      let moved = 0;
      for (const processId of processes) moved += await settleOne(processId);
      return moved;
    },
  };
}
