import type { CallOutcome } from '../audit/call-record.ts';
import { addTokens, noTokens, type Tokens } from './tokens.ts';

/** Bill for one call to a model. */
export interface BillRow {
  /** Id of the call in the audit. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly path: string;
  /** Requested model, directives included. */
  readonly model: string;
  readonly credential: string;
  /** Value of `rid=…` in the request; empty if there is none. */
  readonly rid: string;
  readonly outcome: CallOutcome;
  readonly tokens: Tokens;
  /** True if the usage of the whole call was written to the caller. */
  readonly isTold: boolean;
}

/** Sum over several calls. */
export interface BillSum {
  readonly calls: number;
  readonly tokens: Tokens;
}

/** The simulator's own reckoning of what a provider would bill. */
export interface BillStatement extends BillSum {
  /** Sums by credential and, below it, model. */
  readonly byCredential: Readonly<Record<string, Readonly<Record<string, BillSum>>>>;
  /** The last 200,000 calls, in the order of their ends. */
  readonly rows: readonly BillRow[];
}

/** Calls that have ended and cost something. */
export interface Bill {
  add(row: BillRow): void;
  statement(): BillStatement;
  clear(): void;
}

const mostRows = 200_000;
const nothing: BillSum = { calls: 0, tokens: noTokens };

export function createBill(): Bill {
  let rows: BillRow[] = [];
  let all = nothing;
  let sums = new Map<string, Map<string, BillSum>>();

  return {
    add(row) {
      rows.push(row);
      if (rows.length > 2 * mostRows) rows = rows.slice(-mostRows);
      all = plus(all, row);
      const models = sums.get(row.credential) ?? new Map<string, BillSum>();
      sums.set(row.credential, models.set(row.model, plus(models.get(row.model) ?? nothing, row)));
    },
    statement: () => ({
      ...all,
      byCredential: Object.fromEntries([...sums].map(([name, models]) => [name, Object.fromEntries(models)])),
      rows: rows.slice(-mostRows),
    }),
    clear() {
      rows = [];
      all = nothing;
      sums = new Map();
    },
  };
}

const plus = ({ calls, tokens }: BillSum, row: BillRow): BillSum => ({
  calls: calls + 1,
  tokens: addTokens(tokens, row.tokens),
});
