import type { JsonObject, Usage } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { createChunkNormaliser } from '../../src/openai-protocol/normalise/chunk.ts';
import { createUsageReport, type UsageReport } from '../../src/openai-protocol/usage-report.ts';
import { plan } from '../plan.ts';

const head = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' };
const count = (prompt: number, completion: number): Usage => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});
const text = { index: 0, delta: { content: 'a' }, finish_reason: null };

/** The report of a stream that has begun with a chunk of text. */
function setUp(): UsageReport {
  const normaliser = createChunkNormaliser({ body: {}, plan: plan(), hasThinkTags: false, noUsage: undefined });
  normaliser.amend({ ...head, choices: [text] }, () => undefined);
  return createUsageReport(normaliser);
}

/** Adds chunks as a server writes them: with spaces. */
const add = (report: UsageReport, chunk: JsonObject, mayKeep = true): Usage | undefined =>
  report.add(chunk, JSON.stringify(chunk, undefined, ' ').replaceAll('\n', ''), mayKeep);

const dataOf = (sse: string): string => sse.slice('data: '.length).trimEnd();

describe('the usage of a stream', () => {
  it('is absent without a report', () => {
    const report = setUp();
    expect(add(report, { ...head, choices: [text] })).toBeUndefined();
    expect([report.usage, report.toSse()]).toEqual([undefined, '']);
  });

  it("is sent as the server's own last chunk", () => {
    const report = setUp();
    const chunk = { ...head, choices: [], usage: count(3, 2) };
    const data = JSON.stringify(chunk).replaceAll(':', ': ');
    expect(report.add(chunk, data, true)).toEqual(count(3, 2));
    expect([report.usage, report.toSse()]).toEqual([count(3, 2), `data: ${data}\n\n`]);
  });

  it.each<[what: string, chunk: JsonObject, mayKeep: boolean]>([
    ['may not be kept', { ...head, choices: [], usage: count(3, 2) }, false],
    ['also has text', { ...head, choices: [text], usage: count(3, 2) }, true],
    [
      'has a usage that must be corrected',
      { ...head, choices: [], usage: { prompt_tokens: '3', output_tokens: 2 } },
      true,
    ],
    ['has its usage in another place', { ...head, choices: [], x_groq: { usage: count(3, 2) } }, true],
  ])('is written anew if the chunk %s', (_what, chunk, mayKeep) => {
    const report = setUp();
    expect(add(report, chunk, mayKeep)).toMatchObject(count(3, 2));
    const data = dataOf(report.toSse());
    expect(JSON.parse(data)).toMatchObject({ ...head, choices: [], usage: count(3, 2) });
    // Only the server's own chunks have spaces.
    expect(data).not.toContain(' ');
  });

  it('is merged from all reports, and then no chunk of the server has it', () => {
    const report = setUp();
    expect(add(report, { ...head, choices: [], usage: count(3, 0) })).toEqual(count(3, 0));
    expect(add(report, { ...head, choices: [], usage: count(0, 2) })).toEqual(count(0, 2));
    expect(report.usage).toEqual(count(3, 2));
    expect(JSON.parse(dataOf(report.toSse()))).toEqual({ ...head, choices: [], usage: count(3, 2) });
  });

  it('is not lost by a chunk without a report', () => {
    const report = setUp();
    add(report, { ...head, choices: [], usage: count(3, 2) });
    add(report, { ...head, choices: [text] });
    expect(report.usage).toEqual(count(3, 2));
    expect(report.toSse()).toContain('"prompt_tokens": 3');
  });

  it('is the same when chunks report it again and again', () => {
    const report = setUp();
    for (const tokens of [1, 2, 3]) add(report, { ...head, choices: [text], usage: count(3, tokens) });
    expect(report.usage).toEqual(count(3, 3));
  });
});
