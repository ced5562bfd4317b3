import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formerMetrics } from '../src/former-metrics.ts';
import { metricTable } from '../src/metric-names.ts';
import type { MetricRow } from '../src/metric-row.ts';
import {
  admissionWaitSpan,
  attemptSpan,
  compressedMessagesAttribute,
  costAttributes,
  courseAttributes,
  httpResponseAttributes,
  httpServerSpan,
  inferenceResultAttributes,
  inferenceSpan,
  principalAttributes,
  processSpan,
  queueWaitSpan,
  selectGenAiNames,
  sendSpan,
  tokenSpan,
} from '../src/names.ts';
import { logRequest, type RequestLogFields } from '../src/request-log.ts';
import { captureLog } from './captured-log.ts';

const page = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

/** Returns the cells of each row of the tables under a heading, without the header row. */
function rowsOf(text: string, header: string): string[][] {
  const lines = text.split('\n');
  const isTableOf = (at: number) => new RegExp(`^\\| ${header} +\\|`).test(lines[at] ?? '');
  return lines.flatMap((_, at) => {
    if (!isTableOf(at)) return [];
    const end = lines.findIndex((line, below) => below > at && !line.startsWith('|'));
    return lines.slice(at + 2, end).map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  });
}

const codeWords = (text: string): string[] => Array.from(text.matchAll(/`([^`]+)`/g), ([, word = '']) => word);
const sorted = (words: Iterable<string>): string[] => Array.from(new Set(words)).sort();

describe('docs/metrics.md', () => {
  it('lists exactly the existing metrics, each with its type, labels, services and meaning', () => {
    const rows: readonly MetricRow[] = Object.values(metricTable);
    const expected = rows.map(({ name, kind, labels, services, help }) => [
      `\`${name}\``,
      kind,
      Object.keys(labels)
        .map((label) => `\`${label}\``)
        .join(', ') || '–',
      services.join(', '),
      help,
    ]);
    const documented = rowsOf(page('metrics.md'), 'Metric').map((cells) => cells.slice(0, 5));
    const byName = (a: string[], b: string[]) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1);
    expect(documented.sort(byName)).toEqual(expected.sort(byName));
  });

  it('gives an action for each metric', () => {
    for (const cells of rowsOf(page('metrics.md'), 'Metric')) expect(cells[5]?.length).toBeGreaterThan(10);
  });

  it('lists the former names, which are exposed for one release', () => {
    const documented = rowsOf(page('metrics.md'), 'Former name').map((cells) => codeWords(cells.join(' ')));
    expect(documented).toEqual(Object.entries(formerMetrics).map(([name, former]) => [former, name]));
    const names = new Set<string>(Object.values(metricTable).map(({ name }) => name));
    for (const name of Object.keys(formerMetrics)) expect(names).toContain(name);
  });

  it('mentions only existing metrics', () => {
    const names = new Set<string>(Object.values(metricTable).map(({ name }) => name));
    for (const former of Object.values(formerMetrics)) names.add(former);
    const mentioned = page('metrics.md').match(/\b(?:sluice|gen_ai)_\w+/g) ?? [];
    expect(
      mentioned.map((name) => name.replace(/_(bucket|sum|count)$/, '')).filter((name) => !names.has(name)),
    ).toEqual([]);
  });
});

describe('docs/tracing.md', () => {
  it('lists exactly the attributes that spans may have', () => {
    const method = 'BREW';
    const message = { queue: 'chat', messageId: 'm', epoch: 1 };
    const spans = [
      httpServerSpan({ method, route: '/', path: '/', requestId: 'r', userAgent: 'u', clientAddress: 'c' }),
      admissionWaitSpan(),
      sendSpan(message),
      processSpan(message),
      queueWaitSpan(message),
      inferenceSpan({ operation: 'chat', providerType: 'openai', model: 'm', stream: true }),
      attemptSpan({ method: 'POST', url: 'http://h/', resendCount: 1, upstream: 'u', credentialId: 'c' }),
      tokenSpan({ upstream: 'u', credentialId: 'c', origin: 'obtained' }),
    ];
    const expected = [
      ...spans.flatMap(({ attributes }) => Object.keys(attributes)),
      ...Object.keys(principalAttributes('k')),
      ...Object.keys(compressedMessagesAttribute(1)),
      ...Object.keys(courseAttributes({ resumptions: 1 })),
      ...Object.keys(httpResponseAttributes(200)),
      ...Object.keys(costAttributes({})),
      ...Object.keys(inferenceResultAttributes({}, selectGenAiNames(undefined))),
    ];
    const documented = rowsOf(page('tracing.md'), 'Span').flatMap(([, , attributes = '']) => codeWords(attributes));
    expect(sorted(documented.filter((word) => word !== 'bullmq'))).toEqual(sorted(expected));
  });

  it('lists exactly the fields of a request line', () => {
    const fields: Required<RequestLogFields> = {
      request_id: 'r',
      internal_id: 'i',
      trace_id: 't',
      key: '…',
      key_name: 'k',
      model: 'm',
      stream: true,
      message_count: 3,
      temperature: 0.5,
      max_tokens: 100,
      status: 502,
      outcome: 'error',
      code: 'upstream_error',
      upstream: 'u',
      upstream_status: 502,
      failure_kind: 'server',
      attempts: 1,
      continuations: 1,
      duration_ms: 1,
      ttft_ms: 1,
      queue_wait_ms: 1,
      resumptions: 1,
      burnt_tokens: 1,
      prompt_tokens: 1,
      completion_tokens: 1,
      client_ip: 'i',
      user_agent: 'a',
    };
    const { logger, lines } = captureLog();
    logRequest(logger, fields);
    const written = Object.keys(lines()[0] ?? {}).filter((name) => !['level', 'time', 'service', 'msg'].includes(name));
    const documented = rowsOf(page('tracing.md'), 'Field').flatMap(([field = '']) => codeWords(field));
    expect(sorted(documented)).toEqual(sorted(written));
  });
});
