import { describe, expect, it } from 'vitest';
import { chat } from '../../src/inference/chat/operation.ts';
import { embeddings } from '../../src/inference/embeddings/operation.ts';
import { prepareOrder } from '../../src/inference/order.ts';
import { fakeResponse } from '../fake-response.ts';
import { configWith, fakeObservation, principalWith } from './fakes.ts';

type Entry = Parameters<typeof configWith>[0];

const messages = ['one', 'two', 'three'].flatMap((content) => [
  { role: 'user', content },
  { role: 'assistant', content },
]);
const body = { model: 'mini', messages: [...messages, { role: 'user', content: 'last' }] };

function prepare(value: object, { entry = {}, thinking }: { entry?: Entry; thinking?: 'raw' } = {}) {
  const { response, headers } = fakeResponse();
  const { observation, seen } = fakeObservation();
  const bytes = Buffer.from(JSON.stringify(value));
  const principal = principalWith({ thinking });
  const client = { response, principal, observation };
  const order =
    'input' in value
      ? prepareOrder(configWith(entry), embeddings, { value, bytes }, client)
      : prepareOrder(configWith(entry), chat, { value, bytes }, client);
  return { order, bytes, headers, seen };
}

describe('an order', () => {
  it("has the client's bytes, its reservation and the facts for its run", () => {
    const { order, bytes, headers, seen } = prepare({ ...body, stream: true });
    expect(order).toMatchObject({
      operation: 'chat',
      model: 'mini',
      stream: true,
      thinking: 'field',
      droppedMessages: 0,
      maxContinuations: 0,
    });
    expect(order.body).toBe(bytes);
    expect(order.reservation.total).toBeGreaterThan(order.reservation.prompt);
    expect(headers).toEqual({});
    expect(seen).toEqual(['asked 7', 'model mini m* true']);
  });

  it('reserves less for a request whose oldest rounds are left out, and tells the client', () => {
    const whole = prepare(body).order;
    const { order, headers } = prepare(body, { entry: { compressContext: { rounds: 1 } } });
    expect(order.droppedMessages).toBeGreaterThan(0);
    expect(headers).toEqual({ 'x-sluice-compressed-messages': order.droppedMessages });
    expect(order.body.length).toBeLessThan(whole.body.length);
    expect(order.reservation.prompt).toBeLessThan(whole.reservation.prompt);
  });

  it('tells the client how often its stream may be extended', () => {
    expect(prepare({ ...body, stream: true }, { entry: { autoContinue: 2 } }).headers).toEqual({
      'x-sluice-auto-continue': 2,
    });
    expect(prepare(body, { entry: { autoContinue: 2 } }).headers).toEqual({});
  });

  it("gives the reasoning the form of the client's key before that of the model", () => {
    expect(prepare(body, { entry: { thinking: 'strip' } }).order.thinking).toBe('strip');
    expect(prepare(body, { entry: { thinking: 'strip' }, thinking: 'raw' }).order.thinking).toBe('raw');
  });

  it('is not observed as a chat if it is for embeddings', () => {
    const { order, seen } = prepare({ model: 'mini', input: 'hi' });
    expect([order.operation, order.stream, order.reservation.isPaidPerAttempt]).toEqual(['embeddings', false, true]);
    expect(seen).toEqual(['model mini m* false']);
  });

  it.each([
    ['a wrong field', { ...body, temperature: 'hot' }, 400],
    ['an unknown model', { ...body, model: 'x' }, 404],
  ])('is not made of a request with %s', (_what, value, status) => {
    expect(() => prepare(value)).toThrow(expect.objectContaining({ status }) as Error);
  });
});
