import { describe, expect, it } from 'vitest';
import type { Footprint } from '../../src/compare/footprints.ts';
import { footprintTable, type WorkloadFigures, workloadTable } from '../../src/compare/tables.ts';
import { workloadsOf } from '../../src/compare/workloads.ts';
import { figures } from '../rounds.ts';

const workload = (clients: number, over: Partial<WorkloadFigures> = {}): WorkloadFigures => ({
  operation: 'chat, whole',
  clients,
  stream: false,
  figures: [figures('Sluice'), figures('peer', { cpuMs: undefined, rssBytes: undefined, peakRssBytes: undefined })],
  ...over,
});
const cellsOf = (table: string, title: string): string[] =>
  (table.split('\n').find((line) => line.startsWith(`| ${title}`)) ?? '').split('|').map((cell) => cell.trim());

describe('the workloads', () => {
  it('are those of each surface, whole and streamed, at each number of clients', () => {
    expect(workloadsOf([], [1, 10]).map(({ scenario }) => [scenario.name, scenario.clients])).toEqual([
      ['chat, whole', 1],
      ['chat, whole', 10],
      ['chat, streamed', 1],
      ['chat, streamed', 10],
    ]);
  });
});

describe('the table of workloads', () => {
  it('has a row per workload and target', () => {
    const [, , ...rows] = workloadTable([workload(1), workload(10)]).split('\n');
    expect(rows).toHaveLength(4);
    expect(cellsOf(rows[0] ?? '', 'chat').slice(1, -1)).toEqual([
      'chat, whole',
      'Sluice',
      '1',
      '10.0',
      '100',
      '100',
      '5.00',
      '5.00',
      '0',
    ]);
  });
});

describe('the table of footprints', () => {
  const ours: Footprint = {
    target: 'Sluice',
    images: new Map([
      ['ingress', undefined],
      ['worker', 250],
    ]),
    coldStarts: new Map([
      ['ingress', 812.4],
      ['worker', 700],
    ]),
  };
  const theirs: Footprint = { target: 'peer', images: new Map([['a/b', undefined]]), coldStarts: new Map() };
  const table = footprintTable([workload(1), workload(10), workload(10, { stream: true })], [ours, theirs]);

  it('has a column per target', () => {
    expect(cellsOf(table, 'image').slice(2, -1)).toEqual(['ingress not measured, worker 250', 'not measured']);
    expect(cellsOf(table, 'cold start').slice(2, -1)).toEqual(['ingress 812, worker 700', '–']);
    expect(cellsOf(table, 'RSS after').slice(2, -1)).toEqual(['50.0', '–']);
    expect(cellsOf(table, 'peak RSS').slice(2, -1)).toEqual(['60.0', '–']);
  });

  it('states the efficiency at ten clients', () => {
    expect(cellsOf(table, 'req/s per CPU-% (chat, whole, 10 clients)').slice(2, -1)).toEqual(['5.00', '–']);
  });
});
