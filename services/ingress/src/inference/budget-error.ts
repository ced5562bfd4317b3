import type { MoneyReservation, RefusingLimit } from '@sluice/admission';
import { GatewayError } from '@sluice/protocol';
import type { Budgets, BudgetWindow } from '@sluice/records';

export interface BudgetRefusal {
  /** Owner of the budget in the words of the message. */
  readonly name: string;
  readonly budgets: Budgets;
  readonly budget: RefusingLimit['budget'];
  readonly money: MoneyReservation | undefined;
  /** Redis's clock, ms since 1970. */
  readonly redisNow: number;
}

/** Returns the error for a request that a budget refuses: which budget, whose, what is left, and when it resets. */
export function budgetError({ name, budgets, budget, money, redisNow }: BudgetRefusal): GatewayError {
  const { window, leftMicros } = budget ?? { window: 'total', leftMicros: 0 };
  const sentences = [
    `The budget of ${name} ${windowWords[window]} is ${dollars(budgets[window] ?? 0)}, and ${dollars(leftMicros)} of it is neither spent nor reserved.`,
    money === undefined || leftMicros === 0 ? '' : needOf(money),
    resetOf(window, redisNow),
  ];
  return new GatewayError('insufficient_quota', { message: sentences.filter((each) => each !== '').join(' ') });
}

const windowWords = { day: 'for a day', month: 'for a month', total: 'in all' } as const;

const needOf = ({ micros, isBounded }: MoneyReservation): string =>
  isBounded
    ? `This request can cost up to ${dollars(micros)}; a smaller max_tokens lowers that.`
    : 'Nothing bounds the cost of this request: set max_tokens.';

function resetOf(window: BudgetWindow, redisNow: number): string {
  if (window === 'total') return 'It does not reset.';
  const now = new Date(redisNow);
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  const next = window === 'day' ? Date.UTC(year, month, now.getUTCDate() + 1) : Date.UTC(year, month + 1);
  return `It resets at ${new Date(next).toISOString().slice(0, 16)}Z.`;
}

/** Writes micro-dollars as dollars, with two decimals or as many as are needed: `$10.00`, `$0.000125`. */
function dollars(micros: number): string {
  const [whole = '0', decimals = ''] = (micros / 1_000_000).toFixed(6).split('.');
  return `$${whole}.${decimals.replace(/0{1,4}$/, '')}`;
}
