import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logRequest, type RequestLogFields } from '../src/request-log.ts';
import { shapedSecret } from './canary.ts';
import { captureLog } from './captured-log.ts';

const fields: RequestLogFields = {
  request_id: 'req-1',
  internal_id: 'internal-1',
  trace_id: '0af7651916cd43dd8448eb211c80319c',
  key: 'sk-t…0001',
  key_name: 'team-a',
  model: 'gpt',
  stream: true,
  status: 200,
  outcome: 'complete',
  duration_ms: 12,
};

describe('logRequest', () => {
  it('writes one line with request, trace and masked key, without unknown fields', () => {
    const { logger, lines } = captureLog();
    logRequest(logger, { ...fields, upstream: undefined });
    expect(lines()).toEqual([
      { level: 'info', time: expect.any(String), service: 'sluice-test', msg: 'request', type: 'request', ...fields },
    ]);
  });

  it.each([
    ['complete', 200, 'info'],
    ['cancelled', 499, 'info'],
    ['refused', 503, 'warn'],
    ['error', 400, 'warn'],
    ['error', 502, 'error'],
    ['error', 200, 'error'],
  ] as const)('logs a request that ended as %s with %i at level %s', (outcome, status, level) => {
    const { logger, lines } = captureLog();
    logRequest(logger, { ...fields, outcome, status });
    expect(lines()[0]?.['level']).toBe(level);
  });

  it('cuts long texts of clients', () => {
    const { logger, lines } = captureLog();
    logRequest(logger, { ...fields, model: 'm'.repeat(9000), user_agent: 'u'.repeat(9000) });
    const { model, user_agent: userAgent } = lines()[0] ?? {};
    expect(model).toBe('m'.repeat(200));
    expect(userAgent).toBe('u'.repeat(200));
  });

  it('hides a key that a client sends as its model, user agent or request id', () => {
    const { logger, text } = captureLog();
    const canary = 'sk-canary-4f9a1c77';
    logRequest(logger, { ...fields, request_id: canary, model: canary, user_agent: `curl ${canary}`, key: canary });
    expect(text()).not.toContain(canary);
  });

  it('writes the line that pino would write', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('…', 'sk-t…0001', '0af7-651', 'Bearer abcdefgh'),
    );
    const number = fc.oneof(fc.double(), fc.integer());
    const some = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
    const anyFields = fc.record({
      request_id: text,
      internal_id: text,
      trace_id: some(text),
      key: some(text),
      key_name: some(text),
      model: some(text),
      stream: some(fc.boolean()),
      temperature: some(number),
      max_tokens: some(number),
      status: number,
      outcome: fc.constantFrom('complete', 'error'),
      duration_ms: number,
      user_agent: some(text),
    });
    fc.assert(
      fc.property(anyFields, (given) => {
        const direct = captureLog();
        const byPino = captureLog();
        // Twice: the second line has texts that are known to be clean.
        for (const { logger } of [direct, byPino]) {
          const writer = logger === byPino.logger ? logger.child({}) : logger;
          logRequest(writer, given);
          logRequest(writer, given);
        }
        const withoutTime = (written: string) => written.replaceAll(/"time":"[^"]*"/g, '');
        expect(withoutTime(direct.text())).toBe(withoutTime(byPino.text()));
      }),
    );
  });

  it('hides a canary of known form in every text', () => {
    const field = fc.constantFrom('request_id', 'trace_id', 'key', 'key_name', 'model', 'upstream', 'user_agent');
    fc.assert(
      fc.property(field, shapedSecret, fc.constantFrom('', 'Bearer ', 'a\n'), (name, { secret, heart }, before) => {
        const { logger, text } = captureLog();
        logRequest(logger, { ...fields, [name]: `${before}${secret}` });
        logRequest(logger, { ...fields, [name]: `${before}${secret}` });
        expect(text()).not.toContain(heart);
      }),
    );
  });

  it('writes nothing below the level of the logger', () => {
    const { logger, text } = captureLog({ level: 'error' });
    logRequest(logger, fields);
    expect(text()).toBe('');
  });

  it('keeps the fields of a child', () => {
    const { logger, lines } = captureLog();
    logRequest(logger.child({ part: 'x' }), fields);
    expect(lines()).toEqual([expect.objectContaining({ ...fields, part: 'x' })]);
  });
});
