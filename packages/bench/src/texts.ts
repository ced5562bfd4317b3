import type { Figures } from './figures.ts';
import type { Round } from './measure.ts';
import type { MeasuredTarget } from './targets.ts';

const optionTexts = [
  '--seconds N            time of each load; without it each load has its own',
  '--rounds N             rounds, in which the targets take turns (3)',
  '--concurrency 1,10     numbers of clients, for compare alone (1,10,16,128)',
  '--json FILE            file for all figures',
  '--upstream-port N      port of the simulator, for gateways that are configured before',
  '--peer URL             another gateway, as http://127.0.0.1:8787/v1; may be repeated. Those below belong to the last one:',
  '--peer-name NAME       name of its column (host and port)',
  '--peer-key KEY         its client key',
  '--peer-model NAME      its name for models of the simulator (demo); directives are appended, as in demo-t16',
  "--peer-header 'A: B'   a header of each request; may be repeated",
  '--peer-pid PID         a process of it, whose CPU and memory count with its children; may be repeated',
  '--peer-image IMAGE     its container image, for compare',
];

/** Returns the problems with the arguments, and all arguments. */
export const usage = (command: string, problems: readonly string[]): string =>
  [...problems, '', `Usage: ${command} [argument …]`, ...optionTexts.map((text) => `  ${text}`)].join('\n');

/** Returns a line for each target with errors: the most frequent ones. */
export function explainErrors(rounds: ReadonlyMap<string, readonly Round[]>): string[] {
  return [...rounds].flatMap(([target, each]) => {
    const counts = Map.groupBy(
      each.flatMap(({ errors }) => errors),
      (error) => error,
    );
    const most = [...counts].toSorted(([, a], [, b]) => b.length - a.length).slice(0, 3);
    if (most.length === 0) return [];
    return [`Errors of ${target}: ${most.map(([error, { length }]) => `${length} × ${error}`).join('; ')}`];
  });
}

/** Returns lines about the work of client and upstream themselves, and the figures that it limits. */
export function explainLimits(figures: readonly Figures[]): string[] {
  const most = (values: readonly number[]): number => Math.round(Math.max(0, ...values));
  const client = most(figures.map(({ clientCpuPercent }) => clientCpuPercent));
  const upstream = most(figures.flatMap(({ upstreamCpuPercent }) => upstreamCpuPercent ?? []));
  const isSaturated = figures.some(({ saturated }) => saturated.length > 0);
  return [
    `The client used up to ${client} % of a core, the upstream up to ${upstream} %.`,
    isSaturated
      ? 'A figure with "≥", "≤" or "!" is limited by them: a target may be faster than it says.'
      : 'Neither was saturated: they limit no figure.',
  ];
}

/** Returns a line that names the peers without process ids. */
export function explainPeers(peers: readonly MeasuredTarget[]): string[] {
  const unmeasured = peers.filter(({ pids }) => pids.length === 0).map(({ name }) => name);
  return unmeasured.length === 0
    ? []
    : [`CPU and memory not measured, for want of --peer-pid: ${unmeasured.join(', ')}.`];
}
