import { expect, test } from 'vitest';
import { readTraces } from '../../src/otlp/read-traces.ts';

const span = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  name: 'chat',
  startTimeUnixNano: '1544712660123456789',
  endTimeUnixNano: '1544712661000000000',
};
const attribute = (key: string, value: object): object => ({ key, value });
const exported = (...spans: readonly object[]): object => ({ resourceSpans: [{ scopeSpans: [{ spans }] }] });

test('reads a span with every member', () => {
  const full = {
    ...span,
    parentSpanId: 'eee19b7ec3c1b173',
    kind: 4,
    attributes: [attribute('model', { stringValue: 'demo' })],
    events: [{ name: 'first token', timeUnixNano: '1544712660500000000', attributes: [] }],
    links: [
      { traceId: span.traceId, spanId: 'aaa19b7ec3c1b173', attributes: [attribute('why', { stringValue: 'retry' })] },
    ],
    status: { code: 2, message: 'cut' },
  };
  const message = {
    resourceSpans: [
      {
        resource: { attributes: [attribute('service.name', { stringValue: 'sluice-ingress' })] },
        scopeSpans: [{ spans: [full] }],
      },
    ],
  };
  expect(readTraces(message)).toEqual([
    {
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: 'eee19b7ec3c1b173',
      name: 'chat',
      kind: 'producer',
      attributes: { model: 'demo' },
      events: [{ name: 'first token', atMs: 1_544_712_660_500, attributes: {} }],
      links: [{ traceId: span.traceId, spanId: 'aaa19b7ec3c1b173', attributes: { why: 'retry' } }],
      status: { code: 'error', message: 'cut' },
      startMs: 1_544_712_660_123.456,
      endMs: 1_544_712_661_000,
      service: 'sluice-ingress',
      resource: { 'service.name': 'sluice-ingress' },
    },
  ]);
});

test('reads a span with only the required members', () => {
  expect(readTraces(exported({ ...span, parentSpanId: '' }))).toMatchObject([
    {
      parentSpanId: undefined,
      kind: 'unspecified',
      attributes: {},
      events: [],
      links: [],
      status: { code: 'unset', message: '' },
      service: '',
    },
  ]);
});

test.each([
  [{ stringValue: '' }, ''],
  [{ boolValue: false }, false],
  [{ intValue: '9007199254740991' }, Number.MAX_SAFE_INTEGER],
  [{ intValue: 0 }, 0],
  [{ doubleValue: 0.5 }, 0.5],
  [{ bytesValue: 'AQI=' }, 'AQI='],
  [{ arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }] } }, ['a', 1]],
  [{ arrayValue: {} }, []],
  [{ kvlistValue: { values: [attribute('a', { boolValue: true })] } }, { a: true }],
  [{}, null],
])('reads the value %j', (wire, value) => {
  expect(readTraces(exported({ ...span, attributes: [attribute('x', wire)] }))[0]?.attributes).toEqual({ x: value });
});

test('collects the spans of all resources and scopes', () => {
  const message = {
    resourceSpans: [
      { scopeSpans: [{ spans: [{ ...span, name: 'a' }] }, { spans: [{ ...span, name: 'b' }] }] },
      { scopeSpans: [{}, { spans: [{ ...span, name: 'c' }] }] },
      {},
    ],
  };
  expect(readTraces(message).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

test('refuses a message that is not an export', () => {
  expect(() => readTraces({ spans: [] })).toThrow(new TypeError('resourceSpans is missing'));
});
