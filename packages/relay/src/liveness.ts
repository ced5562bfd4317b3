import type { RedisConnection } from '@sluice/redis';

/**
 * Tells others that this process lives, and notices when those it depends on no longer do. A process says so in a key
 * with a short life; whoever serves or is served by it looks there.
 *
 * A process is not declared lost on one absent key, nor while Redis itself was away or has lost its data: after a beat
 * that failed, or that found this process's own key gone, every process gets the lifetime of a key to announce itself
 * again.
 */
export interface Liveness {
  /** Announces this process; rejects when Redis cannot be reached. */
  start(): Promise<void>;
  /** Calls `onLost` once when that process has gone silent, unless unwatched before. */
  watch(processId: string): void;
  unwatch(processId: string): void;
  /**
   * Since Redis last took what this process wrote, in milliseconds. While the process itself stood still (it was short of CPU, its
   * machine was moved), nothing could arrive: that time does not count.
   */
  readonly silentForMs: number;
  /** Stops and takes the announcement back. */
  close(): Promise<void>;
}

export interface LivenessNeeds {
  readonly connection: RedisConnection;
  readonly aliveKey: (processId: string) => string;
  readonly processId: string;
  readonly onLost: (processId: string) => void;
  /** Told of each beat whether Redis took it: a server that can be reached may still refuse to write. */
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
  let trustAfter = 0;
  let answeredAt = needs.now();
  let tickedAt = needs.now();
  let beating: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** Null where the key was not there before. */
  const announce = (): Promise<string | null> =>
    needs.connection.set(needs.aliveKey(needs.processId), '1', 'PX', keyTtlMs, 'GET');

  /** For so long this process has not come to what it does every `beatEveryMs`. */
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
