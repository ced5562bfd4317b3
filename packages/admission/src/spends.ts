import { defineScript, type Keys, type RedisConnection } from '@sluice/redis';
import type { BudgetScope } from '@sluice/records';
import { z } from 'zod';

/** Owner of budgets: a client key or a team. */
export interface BudgetOwner {
  readonly scope: BudgetScope;
  readonly id: string;
}

/** Money that an owner has spent, in micro-dollars: in a UTC day, in its month, and in all. */
export interface Spent {
  readonly day: number;
  readonly month: number;
  readonly total: number;
}

export interface Spend extends Spent {
  /** Reserved by requests that run or wait, in micro-dollars. */
  readonly reserved: number;
}

/** Spend of the owners of budgets, as admission counts it. */
export interface Spends {
  /** Returns the spend of an owner in the day of this time (ms since 1970); 0 where Redis knows nothing. */
  read(owner: BudgetOwner, at: number): Promise<Spend>;
  /**
   * Raises the numbers to the sums of the database, because Redis may have lost its own. Never lowers one. The sums are of
   * entries whose `acceptedAt` lies in the day of `at`, in its month, and in all.
   */
  seed(owner: BudgetOwner, at: number, sums: Spent): Promise<Spent>;
}

const money = z.number().int().nonnegative();
const seedReply = z.tuple([money, money, money]);
const seedScript = defineScript(new URL('../lua/seed-spend-1.lua', import.meta.url), (value) => seedReply.parse(value));

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

export function createSpends({
  connection,
  keys,
}: {
  readonly connection: RedisConnection;
  readonly keys: Pick<Keys, 'spend'>;
}): Spends {
  const keyOf = ({ scope, id }: BudgetOwner): string => keys.spend(`${scope === 'key' ? 'k' : 't'}:${id}`);
  return {
    async read(owner, at) {
      const day = dayOf(at);
      const stored = await connection.hmget(keyOf(owner), day, day.slice(0, 7), 'total', 'reserved');
      const [ofDay = 0, month = 0, total = 0, reserved = 0] = stored.map(Number);
      return { day: ofDay, month, total, reserved };
    },
    async seed(owner, at, sums) {
      const [day, month, total] = await seedScript.run(
        connection,
        [keyOf(owner)],
        [dayOf(at), sums.day, sums.month, sums.total],
      );
      return { day, month, total };
    },
  };
}
