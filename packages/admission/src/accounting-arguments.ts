import type { Budgets } from '@sluice/records';
import type { Accounting, TeamLimits } from './admission-request.ts';
import { limitArguments } from './limit-arguments.ts';

/** Most money that one request reserves, in micro-dollars: a million dollars. Sums of it stay exact in Lua. */
const mostMicros = 1e12;

/** Returns the arguments of `acquire-12.lua` from ARGV[15]. Those that nothing needs are left out at the end. */
export function accountingArguments(accounting: Accounting): (string | number)[] {
  const { openEntry, promptTokens, budgets, team, money } = accounting;
  const entry = [openEntry, promptTokens];
  if (money === undefined && budgets === undefined && team === undefined) return entry;
  const ofKey = [
    bounded(money?.micros),
    money?.isBounded === false ? 0 : 1,
    bounded(money?.microsIfLost),
    ...budgetArguments(budgets),
  ];
  if (team === undefined) return [...entry, ...ofKey];
  return [...entry, ...ofKey, team.id, ...budgetArguments(team.budgets), ...limitArguments(team.limits)];
}

/** The scripts take whole numbers only; money without a number reserves the most. */
const bounded = (micros = 0): number => (micros <= mostMicros ? Math.max(0, Math.ceil(micros)) : mostMicros);

const budgetArguments = ({ day = -1, month = -1, total = -1 }: Budgets = {}): number[] => [day, month, total];

/** Result of a request for budgets and ledger. */
export interface Settled {
  /** Cost of the whole request, in micro-dollars. */
  readonly costMicros: number;
  /** JSON of the `RequestEntry`; undefined: no ledger entry. */
  readonly entry: string | undefined;
}

/** Returns the arguments of `release-10-3n.lua` for one request from ARGV[10]. */
export function settledArguments(team: TeamLimits | undefined, settled: Settled | undefined): (string | number)[] {
  const { costMicros = 0, entry = '' } = settled ?? {};
  return [team?.id ?? '', team?.limits.rpm ?? 0, team?.limits.tpm ?? 0, costMicros, entry];
}

/** Returns the team of whose concurrency a request holds a lease; '' for none. */
export const leasedTeam = (accounting: Accounting | undefined): string =>
  accounting?.team?.limits.concurrency === undefined ? '' : accounting.team.id;
