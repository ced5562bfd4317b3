import type { RedisConnection } from '@sluice/redis';

/**
 * Announces that this process lives, and detects the loss of the processes that it depends on. Each process keeps a
 * key with a short TTL in Redis; the processes that serve it or are served by it check that key.
 *
 * A process is not declared lost after a single absent key, nor while Redis itself was away or has lost its data: after
 * a beat that failed, or that found this process's own key gone, every process gets the lifetime of a key to announce
 * itself again.
 */
export interface Liveness {
  /** Announces this process; rejects when Redis cannot be reached. */
  start(): Promise<void>;
  /** Calls `onLost` once when that process falls silent, unless `unwatch` was called before. */
  watch(processId: string): void;
  unwatch(processId: string): void;
  /**
   * Time since Redis last accepted a write of this process, in milliseconds. Time in which the process itself stood still
   * (without CPU, or while its machine was moved) does not count: no answer could arrive then.
   */
  readonly silentForMs: number;
  /** Stops and removes the announcement. */
  close(): Promise<void>;
}

export interface LivenessNeeds {
  readonly connection: RedisConnection;
  readonly aliveKey: (processId: string) => string;
  readonly processId: string;
  readonly onLost: (processId: string) => void;
  /** Called after each beat with whether Redis accepted it: a reachable server may still refuse to write. */
  readonly onBeat?: ((isTaken: boolean) => void) | undefined;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const beatEveryMs = 500;
const keyTtlMs = 2000;
const missesUntilLost = 2;

export function createLiveness(needs: LivenessNeeds): Liveness {
  const misses = new Map<string, number>();
  /** Misses count from this time on: before it, other processes may not have announced themselves again. */
  let trustAfter = 0;
  /** Time of the last answer of Redis, moved on by the delays of this process. */
  let answeredAt = needs.now();
  let tickedAt = needs.now();
  let beating: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** Returns null if the key did not exist before. */
  const announce = (): Promise<string | null> =>
    needs.connection.set(needs.aliveKey(needs.processId), '1', 'PX', keyTtlMs, 'GET');

  /** Returns the delay, in ms, of the tick that is due every `beatEveryMs`: this process got no CPU, or was stopped. */
  const lateMs = (): number => Math.max(0, needs.now() - tickedAt - beatEveryMs);

  function tick(): void {
    answeredAt = Math.min(needs.now(), answeredAt + lateMs());
    tickedAt = needs.now();
    beating ??= beat().finally(() => (beating = undefined));
  }

  async function beat(): Promise<void> {
    try {
      const startedAt = needs.now();
      const watched = [...misses.keys()];
      const [before, ...found] = await Promise.all([
        announce(),
        ...watched.map((processId) => needs.connection.exists(needs.aliveKey(processId))),
      ]);
      answeredAt = needs.now();
      needs.onBeat?.(true);
      if (before === null || needs.now() - startedAt > beatEveryMs) trustAfter = needs.now() + keyTtlMs;
      if (needs.now() < trustAfter) return;
      watched.forEach((processId, at) => judge(processId, found[at] === 1));
    } catch (error) {
      trustAfter = needs.now() + keyTtlMs;
      needs.onBeat?.(false);
      needs.onError(error);
    }
  }

  function judge(processId: string, isThere: boolean): void {
    const before = misses.get(processId);
    if (before === undefined) return;
    if (isThere) {
      misses.set(processId, 0);
    } else if (before + 1 < missesUntilLost) {
      misses.set(processId, before + 1);
    } else {
      misses.delete(processId);
      needs.onLost(processId);
    }
  }

  return {
    async start() {
      await announce();
      answeredAt = needs.now();
      needs.onBeat?.(true);
      tickedAt = needs.now();
      timer = setInterval(tick, beatEveryMs);
    },
    watch(processId) {
      if (!misses.has(processId)) misses.set(processId, 0);
    },
    unwatch(processId) {
      misses.delete(processId);
    },
    get silentForMs() {
      return Math.max(0, needs.now() - answeredAt - lateMs());
    },
    async close() {
      clearInterval(timer);
      await beating;
      await needs.connection.unlink(needs.aliveKey(needs.processId)).catch(needs.onError);
    },
  };
}
