import { addTokens, noTokens, type TokenCounts } from '@sluice/records';
import type { BilledCall, Ledger, LedgerCall } from './books.ts';
import type { Driven } from './drive.ts';

/** Calls, tokens and money of one side. */
export interface Sum {
  readonly calls: number;
  readonly tokens: TokenCounts;
  readonly costMicros: number;
}

/**
 * `exact`: the provider told the tokens. `estimated`: the gateway counted what had arrived. `lost`: so did it for a killed
 * process, with which the count of the last tokens is gone.
 */
export const kinds = ['exact', 'estimated', 'lost'] as const;
export type Kind = (typeof kinds)[number];

/** Both sides of one kind of calls. */
export interface Sides {
  readonly billed: Sum;
  readonly entered: Sum;
}

/** Both sides of an upstream. */
export type Balance = Readonly<Record<Kind, Sides>> & { readonly upstream: string };

export interface Comparison {
  readonly balances: readonly Balance[];
  /** Each difference, in words. Empty if the ledger and the bill agree. */
  readonly differences: readonly string[];
  /** Relative difference of the money of each kind, over all upstreams: 0.01 is 1 %. */
  readonly errors: Readonly<Record<Kind, number>>;
  /** The same for the whole bill. */
  readonly error: number;
  /** Estimated calls that differ from the bill, in words. */
  readonly estimates: readonly string[];
}

export interface CompareNeeds {
  readonly driven: readonly Driven[];
  readonly bill: readonly BilledCall[];
  readonly ledger: Ledger;
  /** Cost of a call in micro-dollars. */
  readonly priceOf: (call: BilledCall) => number;
  /** Processes were killed. */
  readonly hasKills: boolean;
}

const nothing: Sum = { calls: 0, tokens: noTokens, costMicros: 0 };

/** Most relative difference of the money of estimated calls. */
const mostError = 0.01;
/** The same for the whole bill. */
const mostErrorOfAll = 0.01;
/**
 * The same for lost calls, from this number on: a killed process takes the count of the last tokens with it. It was 2 to 5 % of
 * 500 requests with eight kills on a machine with ten processes for each core.
 */
const mostErrorOfLost = 0.25;
const fewestLost = 4;

/** Codes of answers to requests that were not accepted. */
const refusals: ReadonlySet<string> = new Set(['rate_limit_exceeded', 'overloaded', 'draining']);
/** Code of an answer that does not tell whether the request was accepted: Redis may be lost before or after that. */
const undecided = 'redis_unavailable';

/** Compares the ledger with what the clients saw, and with the provider's bill. */
export function compare({ driven, bill, ledger, priceOf, hasKills }: CompareNeeds): Comparison {
  const differences = [...compareRequests(driven, ledger), ...compareCosts(ledger)];
  if (ledger.skipped > 0) differences.push(`${ledger.skipped} entries could not be read`);
  const estimates: string[] = [];
  const balances = new Map<string, Balance>();
  const book = (kind: Kind, side: keyof Sides, { upstream, ...sum }: Sum & { readonly upstream: string }): void => {
    const balance = balances.get(upstream) ?? emptyBalance(upstream);
    const sides = balance[kind];
    balances.set(upstream, { ...balance, [kind]: { ...sides, [side]: plus(sides[side], sum) } });
  };
  for (const { name, billed, entered, isSettledWhole } of pairs(bill, ledger)) {
    const matched = match(billed, entered);
    differences.push(...matched.problems.map((problem) => `${name}: ${problem}`));
    for (const [row, call] of matched.exact) {
      book('exact', 'billed', { ...row, calls: 1, costMicros: priceOf(row) });
      book('exact', 'entered', { ...call, calls: 1 });
      const isEqualCost = priceOf(row) === call.costMicros;
      if (!isEqualCost) differences.push(`${name}: billed ${priceOf(row)} micro-dollars, entered ${call.costMicros}`);
    }
    const isUneven = matched.billed.length !== matched.entered.length;
    const mayBeLost = hasKills && !isSettledWhole;
    const isLost = mayBeLost && (isUneven || matched.entered.some(({ outcome }) => outcome === 'lost'));
    const inWords = `billed ${listed(matched.billed)}, entered ${listed(matched.entered)}`;
    if (isUneven && !mayBeLost && matched.problems.length === 0) differences.push(`${name}: ${inWords}`);
    if (listed(matched.billed) !== listed(matched.entered))
      estimates.push(`${name}: ${inWords}${isLost ? ' (lost)' : ''}`);
    const kind = isLost ? 'lost' : 'estimated';
    for (const row of matched.billed) book(kind, 'billed', { ...row, calls: 1, costMicros: priceOf(row) });
    for (const call of matched.entered) book(kind, 'entered', { ...call, calls: 1 });
  }
  const all = [...balances.values()].toSorted((one, other) => one.upstream.localeCompare(other.upstream));
  const errors = {
    exact: errorOf(all, ['exact']),
    estimated: errorOf(all, ['estimated']),
    lost: errorOf(all, ['lost']),
  };
  const error = errorOf(all, kinds);
  for (const [what, value, most] of [
    ['the estimates', errors.estimated, mostError],
    ['the whole bill', error, mostErrorOfAll],
  ] as const) {
    if (Math.abs(value) > most) differences.push(`${what} differ by ${percent(value)} of the money`);
  }
  const lost = all.reduce((calls, balance) => calls + balance.lost.billed.calls, 0);
  if (lost >= fewestLost && Math.abs(errors.lost) > mostErrorOfLost)
    differences.push(`the lost calls differ by ${percent(errors.lost)} of the money`);
  return { balances: all, differences, errors, error, estimates };
}

export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

function errorOf(balances: readonly Balance[], of: readonly Kind[]): number {
  const sum = (side: keyof Sides): number =>
    balances.reduce((all, balance) => all + of.reduce((costs, kind) => costs + balance[kind][side].costMicros, 0), 0);
  return sum('billed') === sum('entered') ? 0 : (sum('entered') - sum('billed')) / Math.max(1, sum('billed'));
}

/** The calls of one request at one upstream. */
interface Pair {
  readonly name: string;
  readonly billed: readonly BilledCall[];
  readonly entered: readonly LedgerCall[];
  /** The ledger says that it knows all that the request has cost. */
  readonly isSettledWhole: boolean;
}

function pairs(bill: readonly BilledCall[], { requests, calls }: Ledger): readonly Pair[] {
  const requestOf = new Map(requests.map((request) => [request.id, request]));
  const entryOf = new Map(requests.map((request) => [request.rid, request]));
  const isPaid = ({ tokens }: { readonly tokens: TokenCounts }): boolean => totalOf(tokens) > 0;
  const ridOf = (call: LedgerCall): string => requestOf.get(call.requestId)?.rid ?? `unknown ${call.requestId}`;
  const nameOf = (rid: string, upstream: string): string => `${rid} at ${upstream}`;
  const billed = Map.groupBy(bill.filter(isPaid), ({ rid, upstream }) => nameOf(rid, upstream));
  const entered = Map.groupBy(calls.filter(isPaid), (call) => nameOf(ridOf(call), call.upstream));
  return [...new Set([...billed.keys(), ...entered.keys()])].map((name) => ({
    name,
    billed: billed.get(name) ?? [],
    entered: entered.get(name) ?? [],
    isSettledWhole: entryOf.get(name.split(' ')[0] ?? '')?.isEstimated !== true,
  }));
}

/** Checks that each accepted request has one entry, and each refused one none. */
function compareRequests(driven: readonly Driven[], { requests }: Ledger): readonly string[] {
  const entries = Map.groupBy(requests, ({ rid }) => rid);
  const rids = new Set(driven.map(({ request }) => request.rid));
  const strange = [...entries.keys()]
    .filter((rid) => !rids.has(rid))
    .map((rid) => `${rid}: an entry without a request`);
  return driven
    .flatMap(({ request: { rid }, status, code }) => {
      const found = entries.get(rid)?.length ?? 0;
      if (found > 1) return [`${rid}: ${found} entries`];
      // A client that got no answer does not know whether its request was accepted; the bill does.
      if (status === undefined || code === undecided) return [];
      const isRefused = status >= 400 && refusals.has(code ?? '');
      if (isRefused && found > 0) return [`${rid}: an entry, although it was refused with ${code}`];
      return !isRefused && found === 0 ? [`${rid}: no entry, although it got ${status} ${code ?? ''}`] : [];
    })
    .concat(strange);
}

/** Checks that a request costs what its attempts do. */
function compareCosts({ requests, calls }: Ledger): readonly string[] {
  const callsOf = Map.groupBy(calls, ({ requestId }) => requestId);
  return requests.flatMap(({ id, rid, isEstimated, settledBy, costMicros }) => {
    const own = callsOf.get(id) ?? [];
    const sum = own.reduce((costs, call) => costs + call.costMicros, 0);
    if (sum === costMicros) return [];
    // An ingress adds up what it knows of a lost call; the fleet's cost is taken from the attempts.
    const isOpen = settledBy === 'fleet' ? own.length === 0 : isEstimated || own.some((call) => call.isEstimated);
    if (isOpen) return [];
    return [`${rid}: costs ${costMicros} micro-dollars, its ${own.length} attempts ${sum}`];
  });
}

interface Match {
  readonly exact: readonly (readonly [BilledCall, LedgerCall])[];
  /** Calls on the bill, and in the ledger, without an exact counterpart. */
  readonly billed: readonly BilledCall[];
  readonly entered: readonly LedgerCall[];
  readonly problems: readonly string[];
}

/** Finds the entry of each billed call of one request and upstream. */
function match(billed: readonly BilledCall[], entered: readonly LedgerCall[]): Match {
  const rest = new Set(billed);
  const exact: (readonly [BilledCall, LedgerCall])[] = [];
  const problems: string[] = [];
  for (const call of entered.filter(({ isEstimated }) => !isEstimated)) {
    const row = [...rest].find(({ tokens }) => isEqual(tokens, call.tokens));
    if (row === undefined) {
      problems.push(`entry ${call.id} (${call.outcome}) has ${inWords(call.tokens)}; billed: ${listed([...rest])}`);
      continue;
    }
    rest.delete(row);
    exact.push([row, call]);
  }
  return { exact, billed: [...rest], entered: entered.filter(({ isEstimated }) => isEstimated), problems };
}

const listed = (calls: readonly { readonly tokens: TokenCounts }[]): string =>
  calls.map(({ tokens }) => inWords(tokens)).join(' and ') || 'none';
const inWords = ({ fresh, cacheRead, cacheWrite, output, reasoning }: TokenCounts): string =>
  [fresh, cacheRead, cacheWrite, output, reasoning].join('/');
const totalOf = ({ fresh, cacheRead, cacheWrite, output, reasoning }: TokenCounts): number =>
  fresh + cacheRead + cacheWrite + output + reasoning;
const isEqual = (one: TokenCounts, other: TokenCounts): boolean => inWords(one) === inWords(other);
const emptySides: Sides = { billed: nothing, entered: nothing };
const emptyBalance = (upstream: string): Balance => ({
  upstream,
  exact: emptySides,
  estimated: emptySides,
  lost: emptySides,
});
const plus = (one: Sum, other: Sum): Sum => ({
  calls: one.calls + other.calls,
  tokens: addTokens(one.tokens, other.tokens),
  costMicros: one.costMicros + other.costMicros,
});
