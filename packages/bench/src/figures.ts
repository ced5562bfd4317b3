import type { Round } from './measure.ts';
import { median, percentile } from './statistics.ts';

/** Results of one scenario against one target: medians over rounds; times in milliseconds. */
export interface Figures {
  readonly target: string;
  readonly requestsPerSecond: number;
  readonly tokensPerSecond: number;
  readonly firstTokenP50: number | undefined;
  readonly firstTokenP99: number | undefined;
  /** Time to the first token without the upstream's own wait before it. */
  readonly addedFirstTokenP50: number | undefined;
  /** Time from the upstream's last token to the client's. */
  readonly tokenLegP50: number | undefined;
  /** Undefined without an answer. */
  readonly totalP50: number | undefined;
  readonly totalP99: number | undefined;
  readonly cpuMicrosPerRequest: number | undefined;
  readonly cpuMicrosPerToken: number | undefined;
  /** CPU time of all processes by time: 200 is two cores. */
  readonly cpuPercent: number | undefined;
  /** Memory at the end. */
  readonly rssMegabytes: number | undefined;
  readonly peakRssMegabytes: number | undefined;
  readonly errors: number;
  readonly clientCpuPercent: number;
  readonly upstreamCpuPercent: number | undefined;
  /** Parts of the bench that had no time left, so that the target may be faster than measured. */
  readonly saturated: readonly ('client' | 'upstream')[];
}

/** Share of a core from which on client and upstream, which use one each, limit what is measured. */
const saturatedShare = 0.9;

/** Returns the medians over rounds. */
export function figuresOf(target: string, rounds: readonly Round[]): Figures {
  const over = (value: (round: Round) => number): number => median(rounds.map(value));
  const overKnown = (value: (round: Round) => number | undefined): number | undefined => {
    const known = rounds.flatMap((round) => value(round) ?? []).filter(Number.isFinite);
    return known.length === 0 ? undefined : median(known);
  };
  const tokensOf = ({ answers }: Round): number => answers.reduce((sum, { tokens }) => sum + tokens, 0);
  const firstTokens = ({ answers }: Round): number[] => answers.flatMap(({ firstTokenMs }) => firstTokenMs ?? []);
  const totals = ({ answers }: Round): number[] => answers.map(({ totalMs }) => totalMs);
  const clientShare = over(({ client }) => Math.max(client.cpuShare, client.loopShare));
  const upstreamShare = overKnown((round) => round.upstreamShare);
  return {
    target,
    requestsPerSecond: over((round) => (round.answers.length / round.elapsedMs) * 1000),
    tokensPerSecond: over((round) => (tokensOf(round) / round.elapsedMs) * 1000),
    firstTokenP50: overKnown((round) => percentile(firstTokens(round), 0.5)),
    firstTokenP99: overKnown((round) => percentile(firstTokens(round), 0.99)),
    addedFirstTokenP50: overKnown(({ legs }) => legs?.addedFirstTokenMs),
    tokenLegP50: overKnown(({ legs }) => legs?.tokenLegMs),
    totalP50: overKnown((round) => percentile(totals(round), 0.5)),
    totalP99: overKnown((round) => percentile(totals(round), 0.99)),
    cpuMicrosPerRequest: overKnown(({ cpuMs, answers }) => cpuMs && (cpuMs * 1000) / answers.length),
    cpuMicrosPerToken: overKnown((round) => round.cpuMs && (round.cpuMs * 1000) / tokensOf(round)),
    cpuPercent: overKnown(({ cpuMs, elapsedMs }) => cpuMs && (cpuMs / elapsedMs) * 100),
    rssMegabytes: overKnown(({ rssBytes }) => rssBytes && rssBytes / 1_000_000),
    peakRssMegabytes: overKnown(({ peakRssBytes }) => peakRssBytes && peakRssBytes / 1_000_000),
    errors: rounds.reduce((sum, { errors }) => sum + errors.length, 0),
    clientCpuPercent: over(({ client }) => client.cpuShare * 100),
    upstreamCpuPercent: upstreamShare && upstreamShare * 100,
    saturated: [
      ...(clientShare >= saturatedShare ? ['client' as const] : []),
      ...((upstreamShare ?? 0) >= saturatedShare ? ['upstream' as const] : []),
    ],
  };
}

/** Returns the figures of each round by target: how far they are apart. */
export const figuresInRounds = (rounds: ReadonlyMap<string, readonly Round[]>): Record<string, Figures[]> =>
  Object.fromEntries([...rounds].map(([target, each]) => [target, each.map((round) => figuresOf(target, [round]))]));

/** Returns the exit code of a command: an error of a peer is not ours. */
export const exitCodeOf = (figures: readonly Figures[], peers: readonly { readonly name: string }[]): number =>
  figures.some(({ target, errors }) => errors > 0 && !peers.some(({ name }) => name === target)) ? 1 : 0;
