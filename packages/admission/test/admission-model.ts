/** What the admission scripts promise, as a few lines of JavaScript: the model that the property test holds them against. */

export interface ModelLimits {
  readonly fleet: number;
  readonly places: number;
  readonly leaseMs: number;
  readonly keyConcurrency: number | undefined;
}

export type ModelVerdict = 'admitted' | 'waiting' | 'concurrency' | 'overloaded';

/** Concurrency alone; time is moved by hand. Rates have a model of their own. */
export function createAdmissionModel(limits: ModelLimits) {
  let now = 0;
  const running = new Map<string, number>();
  const keyRunning = new Map<string, Map<string, number>>();
  let waiting: { id: string; vouchedUntil: number }[] = [];

  const ofKey = (key: string): Map<string, number> => {
    const those = keyRunning.get(key) ?? new Map<string, number>();
    keyRunning.set(key, those);
    return those;
  };

  function handOver(): void {
    for (const [id, end] of running) if (end <= now) running.delete(id);
    waiting = waiting.filter(({ vouchedUntil }) => vouchedUntil > now);
    while (running.size < limits.fleet) {
      const next = waiting.shift();
      if (next === undefined) return;
      running.set(next.id, now + limits.leaseMs);
    }
  }

  return {
    advance(ms: number) {
      now += ms;
    },
    acquire(id: string, key: string): ModelVerdict {
      handOver();
      if (running.has(id)) return 'admitted';
      if (waiting.some((waiter) => waiter.id === id)) return 'waiting';
      const mine = ofKey(key);
      if (limits.keyConcurrency !== undefined) {
        for (const [holder, end] of mine) if (end <= now) mine.delete(holder);
        if (mine.size >= limits.keyConcurrency) return 'concurrency';
      }
      const isFull = running.size >= limits.fleet;
      if (isFull && waiting.length >= limits.places) return 'overloaded';
      if (isFull) waiting.push({ id, vouchedUntil: now + limits.leaseMs });
      else running.set(id, now + limits.leaseMs);
      mine.set(id, now + limits.leaseMs);
      return isFull ? 'waiting' : 'admitted';
    },
    release(id: string, key: string) {
      running.delete(id);
      waiting = waiting.filter((waiter) => waiter.id !== id);
      ofKey(key).delete(id);
      handOver();
    },
    renew(id: string, key: string) {
      if (running.has(id)) running.set(id, now + limits.leaseMs);
      const waiter = waiting.find((each) => each.id === id);
      if (waiter !== undefined) waiter.vouchedUntil = now + limits.leaseMs;
      const isKnown = running.has(id) || waiter !== undefined;
      if (limits.keyConcurrency !== undefined) ofKey(key).set(id, now + limits.leaseMs);
      handOver();
      if (!isKnown && running.size < limits.fleet) running.set(id, now + limits.leaseMs);
    },
    get running() {
      return [...running]
        .filter(([, end]) => end > now)
        .map(([id]) => id)
        .toSorted();
    },
    get waiting() {
      return waiting.filter(({ vouchedUntil }) => vouchedUntil > now).map(({ id }) => id);
    },
  };
}
