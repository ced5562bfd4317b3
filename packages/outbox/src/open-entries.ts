import { defineScript, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';
import { outboxLifeMs } from './stream-upkeep.ts';

/**
 * Keeps the entries of calls that run in Redis, as they would read if this process died now. The recorder moves those
 * of a dead process to the outbox, so that a call is billed although nobody is left who could tell its end.
 *
 * The entry of a new call leaves with those of the same turn of the event loop; its progress follows at intervals.
 */
export interface OpenEntries {
  open(call: OpenCall): void;
  /** The call has ended, and its entry was added to the outbox. */
  end(id: string): void;
  /** Resolves once Redis has forgotten the calls that have ended. */
  flush(): Promise<void>;
  close(): void;
}

export interface OpenCall {
  readonly id: string;
  /** The client receives the answer while it arrives, so that its ingress counts it as well. */
  readonly isStreamed: boolean;
  /** Returns a number that grows with the answer. Called often: it must be cheap. */
  readonly progress: () => number;
  /** Returns the entry, JSON, as it would read if the process died now. */
  readonly entry: () => string;
}

export interface OpenEntriesNeeds {
  /** Connection of the `writer` role: it waits for an absent Redis. */
  readonly connection: RedisConnection;
  readonly processId: string;
  /** Hash of the open entries of this process. */
  readonly openKey: string;
  /** Set of the processes with open entries. */
  readonly processesKey: string;
  readonly onError: (error: unknown) => void;
}

const keepScript = defineScript(new URL('../lua/keep-open-2.lua', import.meta.url), (reply) => z.number().parse(reply));

/**
 * Interval (ms) of the progress of an answer that nobody but this process has. Tokens arrive every 20 to 50 ms, so a
 * killed process takes the count of about two with it.
 */
const wholeEveryMs = 100;
/** The same for an answer that the client receives meanwhile: its ingress counts to the latest token. */
const streamedTicks = 10;
/** Most progresses of a tick, 500 a second: about 1 % of a core. With more calls, each is written less often. */
const mostWrites = 50;
/** Most entries of one script, which bounds the time for which it occupies Redis. */
const mostOfBatch = 200;
/** Events after which Redis may be another server, or the same one without its data. */
const returns = ['ready', '+node', '-node'] as const;

interface Kept {
  readonly call: OpenCall;
  /** Progress at the latest writing; undefined before it. */
  progress: number | undefined;
  /** Tick of the latest writing. */
  tick: number;
}

export function createOpenEntries(needs: OpenEntriesNeeds): OpenEntries {
  const { connection, processId, openKey, processesKey, onError } = needs;
  /** Calls that run; those that were written last are at the end. */
  const running = new Map<string, Kept>();
  const fresh = new Set<string>();
  let ended: string[] = [];
  let tick = 0;
  let timer: NodeJS.Timeout | undefined;
  let isScheduled = false;
  let sending: Promise<void> | undefined;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      send();
    });
  }

  /** One script at a time: what comes meanwhile forms the next one. */
  function send(): void {
    if (sending !== undefined || (fresh.size === 0 && ended.length === 0)) return;
    sending = sendBatch().finally(() => {
      sending = undefined;
      if (fresh.size > 0) schedule();
    });
  }

  async function sendBatch(): Promise<void> {
    const entries: string[] = [];
    for (const id of fresh) {
      if (entries.length === 2 * mostOfBatch) break;
      fresh.delete(id);
      const kept = running.get(id);
      if (kept === undefined) continue;
      running.delete(id);
      running.set(id, kept);
      kept.progress = kept.call.progress();
      kept.tick = tick;
      entries.push(id, kept.call.entry());
    }
    const gone = ended.splice(0, mostOfBatch);
    if (entries.length + gone.length === 0) return;
    try {
      await keepScript.run(
        connection,
        [openKey, processesKey],
        [processId, outboxLifeMs, entries.length / 2, ...entries, ...gone],
      );
    } catch (error) {
      onError(error);
      ended = [...gone, ...ended];
    }
  }

  function onTick(): void {
    tick++;
    let writes = 0;
    for (const [id, { call, progress, tick: writtenAt }] of running) {
      if (writes === mostWrites) break;
      if (call.isStreamed && tick - writtenAt < streamedTicks) continue;
      if (call.progress() === progress) continue;
      fresh.add(id);
      writes++;
    }
    send();
    if (running.size > 0 || ended.length > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  function keepAgain(): void {
    for (const id of running.keys()) fresh.add(id);
    schedule();
  }

  for (const event of returns) connection.on(event, keepAgain);

  return {
    open(call) {
      running.set(call.id, { call, progress: undefined, tick });
      fresh.add(call.id);
      timer ??= setInterval(onTick, wholeEveryMs);
      schedule();
    },

    end(id) {
      const kept = running.get(id);
      running.delete(id);
      fresh.delete(id);
      // A call that ends in the turn of its beginning was never written.
      if (kept?.progress !== undefined) ended.push(id);
    },

    async flush() {
      const batches = Math.ceil(ended.length / mostOfBatch);
      for (let batch = 0; batch <= batches; batch++) {
        await sending;
        send();
      }
      await sending;
    },

    close() {
      clearInterval(timer);
      for (const event of returns) connection.off(event, keepAgain);
    },
  };
}
