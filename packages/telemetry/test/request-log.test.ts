import { describe, expect, it } from 'vitest';
import { logRequest, type RequestLogFields } from '../src/request-log.ts';
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
});
