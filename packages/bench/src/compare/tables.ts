import type { Figures } from '../figures.ts';
import { digits, markdownTable, ratio, unknown } from '../markdown-table.ts';
import type { Footprint } from './footprints.ts';

/** Figures of one workload, by target. */
export interface WorkloadFigures {
  /** As in `chat, streamed`. */
  readonly operation: string;
  readonly clients: number;
  readonly stream: boolean;
  readonly figures: readonly Figures[];
}

/** Returns a table with a row per workload and target. */
export function workloadTable(workloads: readonly WorkloadFigures[]): string {
  const head = [
    'operation',
    'target',
    'clients',
    'req/s',
    'p50 ms',
    'p99 ms',
    'TTFT p50 ms',
    'req/s per CPU-%',
    'errors',
  ];
  const body = workloads.flatMap(({ operation, clients, figures }) =>
    figures.map((each) => [
      operation,
      each.target,
      String(clients),
      `${each.saturated.length > 0 ? '≥ ' : ''}${digits(each.requestsPerSecond)}`,
      digits(each.totalP50),
      digits(each.totalP99),
      digits(each.firstTokenP50),
      efficiency(each),
      String(each.errors),
    ]),
  );
  return markdownTable([head, ...body], 2);
}

/** Number of clients at which the efficiency is stated. */
const usualClients = 10;

/** Returns a table with a column per target. Memory and CPU are those of the workload of whole answers for ten clients. */
export function footprintTable(workloads: readonly WorkloadFigures[], footprints: readonly Footprint[]): string {
  const whole = workloads.filter(({ stream }) => !stream);
  const usual = whole.find(({ clients }) => clients === usualClients) ?? whole[0];
  const last = workloads.at(-1);
  const row = (title: string, text: (footprint: Footprint) => string): string[] => [title, ...footprints.map(text)];
  const figuresOf = (from: WorkloadFigures | undefined, target: string): Figures | undefined =>
    from?.figures.find((each) => each.target === target);
  const load = usual === undefined ? '' : ` (${usual.operation}, ${usual.clients} clients)`;
  return markdownTable([
    ['', ...footprints.map(({ target }) => target)],
    row('image, unpacked, MB', ({ images }) => byProgram(images, 'not measured')),
    row('cold start to ready, ms', ({ coldStarts }) => byProgram(coldStarts, 'not measured')),
    row('RSS after all loads, MB', ({ target }) => digits(figuresOf(last, target)?.rssMegabytes)),
    row('peak RSS, MB', ({ target }) => digits(peakOf(workloads, target))),
    row(`CPU %${load}`, ({ target }) => digits(figuresOf(usual, target)?.cpuPercent)),
    row(`req/s per CPU-%${load}`, ({ target }) => efficiency(figuresOf(usual, target))),
  ]);
}

const efficiency = (figures: Figures | undefined): string => ratio(figures?.requestsPerSecond, figures?.cpuPercent);

function byProgram(values: ReadonlyMap<string, number | undefined>, otherwise: string): string {
  if (values.size === 0) return unknown;
  const texts = [...values].map(([program, value]) =>
    [program, value === undefined ? otherwise : digits(value)].join(' '),
  );
  return [...values.values()].every((value) => value === undefined) ? otherwise : texts.join(', ');
}

function peakOf(workloads: readonly WorkloadFigures[], target: string): number | undefined {
  const peaks = workloads.flatMap(
    ({ figures }) => figures.find((each) => each.target === target)?.peakRssMegabytes ?? [],
  );
  return peaks.length === 0 ? undefined : Math.max(...peaks);
}
