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
  /** Budgets in all and team of its requests, which get ledger entries; absent: neither team nor budgets nor entries. */
  readonly accounting?: ModelAccounting | undefined;
}

export interface ModelAccounting {
  readonly budget: number | undefined;
  readonly team: { readonly id: string; readonly concurrency: number; readonly budget: number } | undefined;
}

/** Money of one request. */
export interface ModelMoney {
  readonly micros: number;
  readonly isBounded: boolean;
  readonly microsIfLost: number;
}

export interface ModelEnded {
  readonly id: string;
  readonly key: ModelKey;
  readonly turnDelta: number;
  /** Cost in micro-dollars. */
  readonly cost: number;
}

interface OpenEntry {
  readonly reserved: number;
  readonly microsIfLost: number;
  readonly owners: readonly string[];
}

interface Spend {
  spent: number;
  reserved: number;
}

export type ModelVerdict = 'admitted' | 'waiting' | 'concurrency' | 'overloaded' | 'budget';

interface Waiter {
  readonly id: string;
  readonly key: ModelKey;
  /** Cost in turns. */
  readonly cost: number;
  vouchedUntil: number;
}

/** Models concurrency, turns, budgets and ledger; the test advances the time. Rates have their own model. */
export function createAdmissionModel(limits: ModelLimits) {
  let now = 0;
  const running = new Map<string, number>();
  const keyLeases = new Map<string, Map<string, number>>();
  /** Waiters in the order of their arrival. */
  let waiting: Waiter[] = [];
  const displaced = new Map<string, number>();
  const turns = new Map<string, number>();
  const teamLeases = new Map<string, Map<string, number>>();
  const open = new Map<string, OpenEntry>();
  const spends = new Map<string, Spend>();
  /** Charges of requests that were settled as lost. */
  const lost = new Map<string, { readonly charged: number; readonly owners: readonly string[] }>();
  /** Requests that left the waiting room without their ingress. */
  const unserved = new Set<string>();
  const ledger: string[] = [];

  const teamLeasesOf = (id: string): Map<string, number> => {
    const those = teamLeases.get(id) ?? new Map<string, number>();
    teamLeases.set(id, those);
    return those;
  };
  const spendOf = (owner: string): Spend => {
    const spend = spends.get(owner) ?? { spent: 0, reserved: 0 };
    spends.set(owner, spend);
    return spend;
  };
  function charge(owners: readonly string[], money: number, returned: number): void {
    for (const owner of owners) {
      spendOf(owner).spent += money;
      spendOf(owner).reserved -= returned;
    }
  }
  const isAlive = (end: number | undefined): boolean => end !== undefined && end > now;
  const isTeamFull = ({ accounting }: ModelKey): boolean => {
    const { team } = accounting ?? {};
    return team !== undefined && [...teamLeasesOf(team.id).values()].filter(isAlive).length >= team.concurrency;
  };
  const budgetsOf = ({ id, accounting }: ModelKey): { readonly owner: string; readonly limit: number }[] => {
    const { budget, team } = accounting ?? {};
    return [
      ...(budget === undefined ? [] : [{ owner: `k:${id}`, limit: budget }]),
      ...(team === undefined ? [] : [{ owner: `t:${team.id}`, limit: team.budget }]),
    ];
  };
  const isShort = (key: ModelKey, { micros, isBounded }: ModelMoney): boolean =>
    budgetsOf(key).some(({ owner, limit }) => {
      const { spent, reserved } = spendOf(owner);
      const mayRunAlone = !isBounded && reserved === 0 && spent < limit;
      return spent + reserved + micros > limit && !mayRunAlone;
    });
  function reserve(id: string, key: ModelKey, { micros, microsIfLost }: ModelMoney): void {
    if (key.accounting === undefined) return;
    if (key.accounting.team !== undefined) teamLeasesOf(key.accounting.team.id).set(id, now + limits.leaseMs);
    if (open.has(id)) return;
    const owners = budgetsOf(key).map(({ owner }) => owner);
    open.set(id, { reserved: micros, microsIfLost, owners });
    charge(owners, 0, -micros);
  }

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
    for (const { id, vouchedUntil } of waiting) if (vouchedUntil <= now) unserved.add(id);
    waiting = waiting.filter(({ vouchedUntil }) => vouchedUntil > now);
    for (const [id, end] of displaced) if (end <= now && displaced.delete(id)) unserved.add(id);
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
    acquire(id: string, key: ModelKey, cost: number, money: ModelMoney): ModelVerdict {
      handOver();
      if (waiting.some((waiter) => waiter.id === id)) return 'waiting';
      const isOverItsOwn = key.concurrency !== undefined && held(key) >= key.concurrency;
      const isFull = isTeamFull(key);
      const isRefused = isOverItsOwn || isFull || isShort(key, money);
      const mayRun = !isRefused && running.size < limits.fleet && hasShareLeft(key);
      if (running.has(id)) {
        // A repeated request takes nothing more; if a lease would be free for it, its own lease starts anew.
        if (mayRun) running.set(id, now + limits.leaseMs);
        return 'admitted';
      }
      if (isOverItsOwn || isFull) return 'concurrency';
      if (isRefused) return 'budget';
      if (mayRun) {
        run(id, key);
      } else {
        if (waiting.length >= limits.queueSize && !displaceFor(key)) return 'overloaded';
        if (waitersOf(key.id).length === 0) turns.set(key.id, Math.max(turns.get(key.id) ?? 0, lowestTurn()));
        displaced.delete(id);
        waiting.push({ id, key, cost, vouchedUntil: now + limits.leaseMs });
      }
      if (key.concurrency !== undefined) leasesOf(key).set(id, now + limits.leaseMs);
      reserve(id, key, money);
      return mayRun ? 'admitted' : 'waiting';
    },
    /** Ends requests one after the other, then hands their leases over. */
    release(ended: readonly ModelEnded[]) {
      for (const { id, key, turnDelta, cost } of ended) {
        const turn = turns.get(key.id);
        if (!running.delete(id)) {
          waiting = waiting.filter((waiter) => waiter.id !== id);
          displaced.delete(id);
        } else if (turn !== undefined && turnDelta !== 0) {
          turns.set(key.id, Math.max(turn + turnDelta, lowestTurn()));
        }
        leasesOf(key).delete(id);
        if (key.accounting === undefined) continue;
        if (key.accounting.team !== undefined) teamLeasesOf(key.accounting.team.id).delete(id);
        const entry = open.get(id);
        const wrong = lost.get(id);
        if (entry !== undefined) charge(entry.owners, cost, entry.reserved);
        else if (wrong !== undefined) charge(wrong.owners, cost - wrong.charged, 0);
        if (!open.delete(id)) lost.delete(id);
        ledger.push(`ingress ${id} ${cost}`);
      }
      handOver();
    },
    /** Settles the open entries that have neither a lease nor a waiter. */
    settleLost() {
      for (const [id, { reserved, microsIfLost, owners }] of [...open].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        const waiter = waiting.find((each) => each.id === id);
        if ([running.get(id), waiter?.vouchedUntil, displaced.get(id)].some(isAlive)) continue;
        const neverRan = unserved.delete(id) || waiter !== undefined || displaced.has(id);
        const charged = neverRan ? 0 : microsIfLost;
        open.delete(id);
        charge(owners, charged, reserved);
        if (owners.length > 0) lost.set(id, { charged, owners });
        ledger.push(`fleet ${id} ${charged}`);
      }
    },
    renew(id: string, key: ModelKey) {
      const waiter = waiting.find((each) => each.id === id);
      if (waiter !== undefined) waiter.vouchedUntil = now + limits.leaseMs;
      if (running.has(id)) run(id, key);
      const isKnown = running.has(id) || waiter !== undefined || displaced.has(id);
      if (key.concurrency !== undefined) leasesOf(key).set(id, now + limits.leaseMs);
      const { team } = key.accounting ?? {};
      if (team !== undefined) teamLeasesOf(team.id).set(id, now + limits.leaseMs);
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
    get open() {
      return [...open.keys()].toSorted();
    },
    get ledger() {
      return ledger;
    },
    spendOf: (owner: string): Spend => ({ ...spendOf(owner) }),
    get turns() {
      return Object.fromEntries(turns);
    },
  };
}
