import { defineScript, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';
import { createOpenCalls, type OpenCall } from './open-calls.ts';
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
const tickMs = 100;
/** Events after which Redis may be another server, or the same one without its data. */
const returns = ['ready', '+node', '-node'] as const;

export function createOpenEntries(needs: OpenEntriesNeeds): OpenEntries {
  const { connection } = needs;
  const calls = createOpenCalls();
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
    if (sending !== undefined || !calls.hasNews) return;
    const { kept, ended } = calls.take();
    sending = keep(needs, kept, ended).then((isKept) => {
      sending = undefined;
      if (!isKept) calls.putBack(ended);
      else if (calls.hasNews) schedule();
    });
  }

  function onTick(): void {
    calls.tick();
    send();
    if (!calls.isEmpty) return;
    clearInterval(timer);
    timer = undefined;
  }

  function keepAgain(): void {
    calls.renewAll();
    schedule();
  }

  for (const event of returns) connection.on(event, keepAgain);

  return {
    open(call) {
      calls.open(call);
      timer ??= setInterval(onTick, tickMs);
      schedule();
    },
    end: calls.end,
    async flush() {
      // Each turn takes a batch; the calls that have ended are a few, and a Redis that is away ends it too.
      for (let turn = 0; turn < mostFlushes && calls.hasNews; turn++) {
        send();
        await sending;
      }
    },
    close() {
      clearInterval(timer);
      for (const event of returns) connection.off(event, keepAgain);
    },
  };
}

const mostFlushes = 100;

/** Returns whether Redis has taken the entries. */
async function keep(
  { connection, processId, openKey, processesKey, onError }: OpenEntriesNeeds,
  kept: readonly string[],
  ended: readonly string[],
): Promise<boolean> {
  const args = [processId, outboxLifeMs, kept.length / 2, ...kept, ...ended];
  try {
    await keepScript.run(connection, [openKey, processesKey], args);
    return true;
  } catch (error) {
    onError(error);
    return false;
  }
}
