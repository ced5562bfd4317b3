import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { admissionLimit, loads, measuredHere, predict, room, scaleTable } from '../../src/scale/predict.ts';

const oneOfEach = { name: 'one', requestsPerSecond: 1, openStreams: 0, tokensPerSecond: 0 };

describe('predict', () => {
  it('needs one process of each for the smallest load', () => {
    expect(predict(oneOfEach, measuredHere, room)).toMatchObject({ redisNodes: 1, ingresses: 1, workers: 1 });
  });

  it('names admission as the limit from the rate on at which its node is busy', () => {
    const limit = admissionLimit(measuredHere, room);
    const at = (requestsPerSecond: number) => predict({ ...oneOfEach, requestsPerSecond }, measuredHere, room).limit;
    expect([at(limit - 1), at(limit + 1)]).toEqual([undefined, 'admission']);
  });

  it('adds processes for memory and descriptors, even if the streams need no CPU', () => {
    const load = { ...oneOfEach, requestsPerSecond: 0, openStreams: 120_000 };
    const free = { ...measuredHere, ingressRestUs: 0, workerRestUs: 0, ingressStreamKb: 1024, workerStreamKb: 1 };
    expect(predict(load, free, room)).toMatchObject({ ingresses: 59, workers: 2 });
  });
});

describe('docs/scale.md', () => {
  const page = readFileSync(new URL('../../../../docs/scale.md', import.meta.url), 'utf8');
  const cellsOf = (table: string): string[][] =>
    table
      .split('\n')
      .filter((line) => line.startsWith('|') && !line.includes('---'))
      .map((line) => line.split('|').map((cell) => cell.trim()));

  it('has the table of the model', () => {
    const table = scaleTable(loads.map((load) => predict(load, measuredHere, room)));
    const found = cellsOf(page);
    for (const row of cellsOf(table)) expect(found).toContainEqual(row);
  });

  it('has the inputs of the model', () => {
    const rows = new Map(cellsOf(page).map(([, name = '', ...cells]) => [name, cells.slice(0, 3)]));
    expect(rows.get('a request, whole answer')).toEqual([
      String(measuredHere.redisUs),
      String(measuredHere.ingressUs),
      String(measuredHere.workerUs),
    ]);
    expect(page).toContain(Math.round(admissionLimit(measuredHere, room)).toLocaleString('en-US'));
  });
});
