import { GatewayError } from '@sluice/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorFields } from '../src/error-fields.ts';
import { shapedSecret } from './canary.ts';

const withStack = false;

describe('errorFields', () => {
  it('keeps name, code and message of an expected error, without its stack', () => {
    const error = new GatewayError('upstream_timeout');
    expect(errorFields(error, { withStack })).toEqual({
      type: error.name,
      code: 'upstream_timeout',
      message: error.message,
    });
  });

  it.each([
    ['without a code', new TypeError('x is not a function')],
    ['with internal_error', new GatewayError('internal_error')],
  ])('adds the stack of a bug: %s', (_, error) => {
    expect(errorFields(error, { withStack }).stack).toContain('error-fields.test.ts');
  });

  it('adds the stack of any error on request', () => {
    expect(errorFields(new GatewayError('upstream_timeout'), { withStack: true }).stack).toContain('error-fields');
  });

  it('lists the causes, the nearest first, including the addresses of an AggregateError', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:6379'), { code: 'ECONNREFUSED' });
    const closed = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });
    const cause = new AggregateError([refused, closed], '');
    const error = new Error('redis is away', { cause });
    expect(errorFields(error, { withStack }).causes).toEqual([
      'AggregateError',
      'Error: connect ECONNREFUSED ::1:6379',
      'UND_ERR_SOCKET: other side closed',
    ]);
  });

  it('stops at five causes, and at a cycle of causes', () => {
    const chain = Array.from({ length: 9 }).reduce<Error>(
      (cause, _, at) => new Error(`e${at}`, { cause }),
      new Error(),
    );
    expect(errorFields(chain, { withStack }).causes).toHaveLength(5);
    const circle = new Error('a');
    circle.cause = new Error('b', { cause: circle });
    expect(errorFields(circle, { withStack }).causes).toEqual(['Error: b']);
  });

  it.each([
    ['a text', { type: 'string', message: 'a text' }],
    [undefined, { type: 'undefined', message: 'undefined' }],
    [null, { type: 'object', message: 'null' }],
  ])('describes values that are not errors: %j', (thrown, expected) => {
    expect(errorFields(thrown, { withStack })).toEqual(expected);
  });

  it('cuts long messages and stacks', () => {
    const error = new Error('m'.repeat(50_000));
    const { message, stack = '' } = errorFields(error, { withStack });
    expect(message).toHaveLength(2000);
    expect(stack.length).toBeLessThanOrEqual(8000);
  });

  it('hides a canary in every message, cause, stack and property', () => {
    fc.assert(
      fc.property(shapedSecret, fc.lorem(), ({ secret, heart }, words) => {
        const cause = new AggregateError([new Error(`${words} ${secret}`), `thrown ${secret}`], secret);
        const error = Object.assign(new Error(`${words} ${secret}`, { cause }), {
          request: { headers: { authorization: secret } },
          args: [secret],
        });
        expect(JSON.stringify(errorFields(error, { withStack: true }))).not.toContain(heart);
      }),
    );
  });
});
