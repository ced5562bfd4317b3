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
  /** Sentences without their line breaks. */
  const text = page.replaceAll(/\s+/g, ' ');
  const grouped = (value = Number.NaN): string => Math.round(value).toLocaleString('en-US');
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
    const known = measuredHere;
    const rows = cellsOf(page).map((cells) => cells.slice(1, 5));
    const inputs: readonly (readonly [name: string, redis: number | '', ingress: number | '', worker: number | ''])[] =
      [
        ['a request, whole answer', known.redisUs, known.ingressUs, known.workerUs],
        ['of these in `{admission}`', known.admissionUs, '', ''],
        ['a token that travels alone', known.redisTokenUs, known.ingressTokenUs, known.workerTokenUs],
        ['a stream at rest, per second', known.redisRestUs, known.ingressRestUs, known.workerRestUs],
        ['of these in `{admission}`', known.admissionRestUs, '', ''],
        ['memory of a stream, KB', '', known.ingressStreamKb, known.workerStreamKb],
      ];
    const first = rows.findIndex(([name]) => name === 'input') + 1;
    expect(rows.slice(first, first + inputs.length)).toEqual(inputs.map((cells) => cells.map(String)));
    expect(text).toContain(
      `a process may use ${room.busy} of a core, ${room.memoryMb / 1024} GB for streams and ${grouped(room.descriptors)}`,
    );
  });

  it('has the numbers of the model in its text', () => {
    const of = (name: string) =>
      loads.filter((load) => load.name === name).map((load) => predict(load, measuredHere, room));
    const [fast] = of('100,000 requests/s');
    const [rest] = of('1 M streams at rest');
    const forDescriptors = Math.ceil(1_000_000 / room.descriptors);
    expect(text).toContain(
      `${grouped(admissionLimit(measuredHere, room))} requests/s at ${measuredHere.admissionUs} µs`,
    );
    expect(text).toContain(`${grouped(fast?.livenessPerSecond)} \`EXISTS\` a second at 100,000 requests/s`);
    expect(text).toContain(`need ${forDescriptors} ingresses for descriptors, ${rest?.ingresses} for memory`);
    expect(text).toContain(`the remainder on the ${rest?.redisNodes} other Redis nodes`);
  });
});
