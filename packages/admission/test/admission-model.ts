/** Model of the admission scripts in a few lines; the property test compares the scripts with it. */

export interface ModelLimits {
  readonly fleet: number;
  readonly queueSize: number;
  readonly leaseMs: number;
  /** Maximum of running requests of a key without its own limit. */
  readonly share: number;
}

export interface ModelKey {
  readonly id: string;
  /** Maximum of running and waiting requests. */
  readonly concurrency: number | undefined;
}

export type ModelVerdict = 'admitted' | 'waiting' | 'concurrency' | 'overloaded';

interface Waiter {
  readonly id: string;
  readonly key: ModelKey;
  /** Cost in turns. */
  readonly cost: number;
  vouchedUntil: number;
}

/** Models concurrency and turns only; the test advances the time. Rates have their own model. */
export function createAdmissionModel(limits: ModelLimits) {
  let now = 0;
  const running = new Map<string, number>();
  const keyLeases = new Map<string, Map<string, number>>();
  /** Waiters in the order of their arrival. */
  let waiting: Waiter[] = [];
  const displaced = new Map<string, number>();
  const turns = new Map<string, number>();

  const leasesOf = ({ id }: ModelKey): Map<string, number> => {
    const those = keyLeases.get(id) ?? new Map<string, number>();
    keyLeases.set(id, those);
    return those;
  };
  const held = (key: ModelKey): number => [...leasesOf(key).values()].filter((end) => end > now).length;
  const waitersOf = (keyId: string): Waiter[] => waiting.filter(({ key }) => key.id === keyId);
  const hasShareLeft = (key: ModelKey): boolean => key.concurrency !== undefined || held(key) < limits.share;
  const inTurn = (): [string, number][] =>
    [...turns].toSorted(([a, turnA], [b, turnB]) => turnA - turnB || (a < b ? -1 : 1));
  const lowestTurn = (): number => inTurn()[0]?.[1] ?? 0;

  function run(id: string, key: ModelKey): void {
    running.set(id, now + limits.leaseMs);
    if (key.concurrency === undefined) leasesOf(key).set(id, now + limits.leaseMs);
  }

  function handOver(): void {
    for (const [id, end] of running) if (end <= now) running.delete(id);
    if (waiting.length === 0) return;
    waiting = waiting.filter(({ vouchedUntil }) => vouchedUntil > now);
    for (const [id, end] of displaced) if (end <= now) displaced.delete(id);
    while (running.size < limits.fleet) {
      const line = inTurn().map(([keyId, turn]) => ({ keyId, turn, first: waitersOf(keyId)[0] }));
      const at = line.findIndex(({ first }) => first !== undefined && hasShareLeft(first.key));
      const next = line[at];
      if (next?.first === undefined) return;
      for (const { keyId, first } of line.slice(0, at)) {
        if (first === undefined) turns.delete(keyId);
        else turns.set(keyId, next.turn);
      }
      const { id, key, cost } = next.first;
      waiting = waiting.filter((waiter) => waiter !== next.first);
      run(id, key);
      turns.set(key.id, next.turn + cost);
    }
  }

  /** Displaces a waiter of the key with the most waiters, if that key has at least two more than this one. */
  function displaceFor(key: ModelKey): boolean {
    const counts = [...Map.groupBy(waiting, (waiter) => waiter.key.id)].map(([id, { length }]) => ({ id, length }));
    const largest = counts.toSorted((a, b) => b.length - a.length || (a.id < b.id ? 1 : -1))[0];
    if (largest === undefined || waitersOf(key.id).length + 1 >= largest.length) return false;
    const newest = waitersOf(largest.id).at(-1);
    if (newest === undefined) return false;
    waiting = waiting.filter((waiter) => waiter !== newest);
    displaced.set(newest.id, newest.vouchedUntil);
    return true;
  }

  return {
    advance(ms: number) {
      now += ms;
    },
    acquire(id: string, key: ModelKey, cost: number): ModelVerdict {
      handOver();
      if (waiting.some((waiter) => waiter.id === id)) return 'waiting';
      const isOverItsOwn = key.concurrency !== undefined && held(key) >= key.concurrency;
      const mayRun = !isOverItsOwn && running.size < limits.fleet && hasShareLeft(key);
      if (running.has(id)) {
        // A repeated request takes nothing more; if a lease would be free for it, its own lease starts anew.
        if (mayRun) running.set(id, now + limits.leaseMs);
        return 'admitted';
      }
      if (isOverItsOwn) return 'concurrency';
      if (mayRun) {
        run(id, key);
      } else {
        if (waiting.length >= limits.queueSize && !displaceFor(key)) return 'overloaded';
        if (waitersOf(key.id).length === 0) turns.set(key.id, Math.max(turns.get(key.id) ?? 0, lowestTurn()));
        displaced.delete(id);
        waiting.push({ id, key, cost, vouchedUntil: now + limits.leaseMs });
      }
      if (key.concurrency !== undefined) leasesOf(key).set(id, now + limits.leaseMs);
      return mayRun ? 'admitted' : 'waiting';
    },
    /** Ends requests one after the other, then hands their leases over. */
    release(ended: readonly { readonly id: string; readonly key: ModelKey; readonly turnDelta: number }[]) {
      for (const { id, key, turnDelta } of ended) {
        const turn = turns.get(key.id);
        if (!running.delete(id)) {
          waiting = waiting.filter((waiter) => waiter.id !== id);
          displaced.delete(id);
        } else if (turn !== undefined && turnDelta !== 0) {
          turns.set(key.id, Math.max(turn + turnDelta, lowestTurn()));
        }
        leasesOf(key).delete(id);
      }
      handOver();
    },
    renew(id: string, key: ModelKey) {
      const waiter = waiting.find((each) => each.id === id);
      if (waiter !== undefined) waiter.vouchedUntil = now + limits.leaseMs;
      if (running.has(id)) run(id, key);
      const isKnown = running.has(id) || waiter !== undefined || displaced.has(id);
      if (key.concurrency !== undefined) leasesOf(key).set(id, now + limits.leaseMs);
      handOver();
      if (!isKnown && running.size < limits.fleet) run(id, key);
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
    get turns() {
      return Object.fromEntries(turns);
    },
  };
}
