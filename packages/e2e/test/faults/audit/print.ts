import { type Balance, type Comparison, type Kind, kinds, percent, type Sum } from './compare.ts';

const columns = ['calls', 'fresh', 'read', 'written', 'output', 'reasoning', 'micro-dollars'] as const;

/** Returns the comparison as a table: each cell is the provider's bill, and the difference of the ledger if there is one. */
export function toTable({ balances, differences, errors, error, estimates }: Comparison): string {
  const rows = kinds.flatMap((kind) => [
    [kind, ...columns],
    ...balances
      .filter((balance) => hasCalls(balance, kind))
      .map((balance) => [balance.upstream, ...cellsOf(balance, kind)]),
  ]);
  const widths = ['', ...columns].map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const lines = rows.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  );
  return [
    ...lines,
    ...estimates.slice(0, 60).map((estimate) => `  ${estimate}`),
    `Difference of the money: exact ${percent(errors.exact)}, estimated ${percent(errors.estimated)}, lost ${percent(errors.lost)}, the whole bill ${percent(error)}.`,
    differences.length === 0 ? 'The ledger balances.' : `${differences.length} differences:`,
    ...differences.slice(0, 60).map((difference) => `  ${difference}`),
  ].join('\n');
}

const hasCalls = (balance: Balance, kind: Kind): boolean =>
  balance[kind].billed.calls + balance[kind].entered.calls > 0;

function cellsOf(balance: Balance, kind: Kind): readonly string[] {
  const billed = valuesOf(balance[kind].billed);
  const entered = valuesOf(balance[kind].entered);
  return billed.map((value, at) => {
    const difference = (entered[at] ?? 0) - value;
    return difference === 0 ? String(value) : `${value} (${difference > 0 ? '+' : ''}${difference})`;
  });
}

const valuesOf = ({ calls, tokens, costMicros }: Sum): readonly number[] => [
  calls,
  tokens.fresh,
  tokens.cacheRead,
  tokens.cacheWrite,
  tokens.output,
  tokens.reasoning,
  costMicros,
];
