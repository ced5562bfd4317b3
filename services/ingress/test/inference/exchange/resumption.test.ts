import { GatewayError } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { createResumption } from '../../../src/inference/exchange/resumption.ts';

interface Over {
  readonly stream?: boolean;
  /** Fields of the client's request. */
  readonly request?: object;
}

const resumptionOf = ({ stream = true, request = {} }: Over = {}) =>
  createResumption({ body: Buffer.from(JSON.stringify({ model: 'm', ...request })), stream });

/** A chunk of a streamed answer, as the client gets it. */
function chunk(delta: object, over: object = {}): string {
  const choices = [{ index: 0, delta, ...over }];
  return `data: ${JSON.stringify({ id: 'c', created: 1, model: 'm', choices })}\n\n`;
}

const toolCall = { tool_calls: [{ index: 0, id: 't', function: { name: 'f', arguments: '' } }] };

describe('a resumption', () => {
  it.each([true, false])('lets a request run again from its start if the client has nothing: stream %s', (stream) => {
    expect(resumptionOf({ stream }).decide()).toEqual({ kind: 'rerun', delivered: undefined });
  });

  it('lets the next run resume the texts that the client has', () => {
    const resumption = resumptionOf();
    for (const piece of ['one', ' two']) resumption.deliver(chunk({ content: piece }));
    resumption.deliver(chunk({ reasoning_content: 'why' }));
    const decision = resumption.decide();
    expect(decision).toMatchObject({ kind: 'rerun', delivered: { content: 'one two', reasoning: 'why' } });
    expect(decision).not.toHaveProperty('delivered.continuations');
    expect(resumption.chunks()).toBe(3);
  });

  it('tells the next run the number of extensions so far', () => {
    const resumption = resumptionOf();
    resumption.extended(1);
    resumption.extended(2);
    resumption.deliver(chunk({ content: 'one' }));
    expect(resumption.decide()).toMatchObject({ delivered: { continuations: 2 } });
  });

  it('counts no extension while the client has nothing of the answer', () => {
    const resumption = resumptionOf();
    resumption.extended(2);
    expect(resumption.decide()).toEqual({ kind: 'rerun', delivered: undefined });
  });

  it.each(['stop', 'length', 'tool_calls'])('takes an answer for complete after the finish reason %s', (reason) => {
    const resumption = resumptionOf();
    resumption.deliver(chunk({ content: 'all' }));
    resumption.deliver(chunk({}, { finish_reason: reason }));
    expect(resumption.decide()).toEqual({ kind: 'complete', finishReason: reason });
  });

  it.each<[string, Over, string]>([
    ['a whole answer', { stream: false }, '{"choices":['],
    ['one of several choices', { request: { n: 2 } }, chunk({ content: 'one' })],
    ['an answer with probabilities', { request: { logprobs: true } }, chunk({ content: 'one' })],
    ['a tool call', {}, chunk(toolCall)],
    ['a second choice', {}, chunk({ content: 'one' }, { index: 1 })],
    ['an event that is not a chunk', {}, 'data: [1]\n\n'],
  ])('ends a request whose client has a part of %s', (_what, over, text) => {
    const resumption = resumptionOf(over);
    resumption.deliver(text);
    expect(resumption.decide()).toEqual({ kind: 'over' });
  });

  it('ends an answer of several choices even after a finish reason: the others may be incomplete', () => {
    const resumption = resumptionOf({ request: { n: 2 } });
    resumption.deliver(chunk({}, { finish_reason: 'stop' }));
    expect(resumption.decide()).toEqual({ kind: 'over' });
  });

  it('counts no chunks of a whole answer', () => {
    const resumption = resumptionOf({ stream: false });
    resumption.deliver('{"id":"c"}');
    expect(resumption.chunks()).toBe(0);
  });
});

describe('the error of an answer that broke off', () => {
  it('is unchanged while the client has nothing, and for a whole answer', () => {
    const error = new GatewayError('upstream_error');
    const whole = resumptionOf({ stream: false });
    whole.deliver('{"id":');
    for (const resumption of [resumptionOf(), whole]) expect(resumption.brokenOff(error)).toBe(error);
  });

  it.each([
    ['The provider failed', 'The provider failed. The answer broke off after 8 characters.'],
    ['The provider failed.', 'The provider failed. The answer broke off after 8 characters.'],
    ['Is the provider there?', 'Is the provider there? The answer broke off after 8 characters.'],
    ['服务繁忙。', '服务繁忙。 The answer broke off after 8 characters.'],
  ])('says how much the client has: %s', (message, told) => {
    const resumption = resumptionOf();
    resumption.deliver(chunk({ content: 'one ' }));
    resumption.deliver(chunk({ content: 'text' }));
    expect(resumption.brokenOff(new GatewayError('upstream_error', { message })).message).toBe(told);
  });

  it('keeps the code and the details of its cause', () => {
    const resumption = resumptionOf();
    resumption.deliver(chunk({ content: 'x' }));
    const details = { param: 'p', upstreamCode: 'u', retryAfterMs: 5, retryable: false };
    const cause = new GatewayError('upstream_error', details);
    expect(resumption.brokenOff(cause)).toMatchObject({ code: 'upstream_error', ...details, cause });
  });
});
