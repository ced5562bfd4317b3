import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { captureLog } from './captured-log.ts';
import { plainSecret, shapedSecret } from './canary.ts';

describe('createLogger', () => {
  it('writes a JSON object per line with level, time, service, message and the fields', () => {
    const { logger, lines, text } = captureLog();
    logger.info({ request_id: 'req-1', attempts: 2 }, 'request');
    const [line] = lines();
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'sluice-test',
      request_id: 'req-1',
      attempts: 2,
      msg: 'request',
    });
    expect(text().endsWith('\n')).toBe(true);
  });

  it('writes nothing below its level, and nothing when silent', () => {
    const warn = captureLog({ level: 'warn' });
    warn.logger.info('not this');
    warn.logger.warn('this');
    expect(warn.lines().map(({ msg }) => msg)).toEqual(['this']);
    const silent = captureLog({ level: 'silent' });
    silent.logger.fatal('not this');
    expect(silent.text()).toBe('');
  });

  it('shows the hint of a key, already masked or not, and nothing of other secrets', () => {
    const { logger, lines } = captureLog();
    logger.info({ key: 'sk-team-a-0001', password: 'hunter2', headers: { authorization: 'x', 'x-api-key': 'y' } });
    logger.info({ key: 'sk-t…0001', principal: { key: '…' } });
    logger.info({ key: 12, token: ['a', 'b'] });
    expect(lines()).toMatchObject([
      { key: 'sk-t…0001', password: '[redacted]', headers: { authorization: '[redacted]', 'x-api-key': '[redacted]' } },
      { key: 'sk-t…0001', principal: { key: '…' } },
      { key: '[redacted]', token: '[redacted]' },
    ]);
  });

  it('reduces an error under `err` to its fields; with the stack of an expected error only at debug', () => {
    const error = Object.assign(new Error('no', { cause: new Error('why') }), { code: 'ECONNREFUSED', extra: 'x' });
    const info = captureLog();
    info.logger.warn({ err: error }, 'redis trouble');
    expect(info.lines()[0]?.['err']).toEqual({
      type: 'Error',
      code: 'ECONNREFUSED',
      message: 'no',
      causes: ['Error: why'],
    });
    const debug = captureLog({ level: 'debug' });
    debug.logger.warn({ err: error }, 'redis trouble');
    expect(debug.lines()[0]?.['err']).toHaveProperty('stack');
  });

  it('is readable in a terminal: one line with time, level, message and fields', () => {
    const { logger, text } = captureLog({ pretty: true });
    logger.info({ request_id: 'req-1' }, 'request');
    expect(text()).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: request \{"request_id":"req-1"\}\n$/);
  });

  it.each([true, false])('hides a canary of known form in every field, name, depth and text, pretty: %s', (pretty) => {
    const wrap = fc.constantFrom<(secret: string) => unknown>(
      (secret) => secret,
      (secret) => `two lines\n${secret}`,
      (secret) => `Bearer ${secret}`,
      (secret) => `https://example.com/v1?q=1&key=${secret}`,
      (secret) => JSON.stringify({ deep: JSON.stringify({ secret }) }),
      (secret) => [secret],
      (secret) => ({ [secret]: 1 }),
      (secret) => ({ a: { b: [{ c: `x ${secret} y` }] } }),
    );
    fc.assert(
      fc.property(fc.string(), wrap, shapedSecret, (name, put, { secret, heart }) => {
        const { logger, text } = captureLog({ pretty });
        logger.info({ [name]: put(secret) }, `said ${secret}`);
        logger.error({ err: new Error(secret, { cause: new Error(secret) }) }, 'failed');
        logger.child({ bound: put(secret) }).warn('child');
        expect(text()).not.toContain(heart);
      }),
      { numRuns: 50 },
    );
  });

  it('hides a canary without a form in every field for secrets', () => {
    const field = fc.constantFrom('authorization', 'x-api-key', 'api_key', 'apiKey', 'password', 'secret', 'token');
    const place = fc.constantFrom('', 'headers', 'credential', 'upstream', 'redis', 'principal');
    fc.assert(
      fc.property(field, place, plainSecret, (name, parent, secret) => {
        const { logger, text } = captureLog();
        const fields = { [name]: secret };
        logger.info(parent === '' ? fields : { [parent]: fields });
        expect(text()).not.toContain(secret);
      }),
    );
  });

  it('writes parseable lines for every input', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (fields, message) => {
        const { logger, lines } = captureLog();
        logger.info(fields, message);
        expect(lines()).toHaveLength(1);
      }),
    );
  });
});
