import { GatewayError } from '@sluice/protocol';
import { expect, it } from 'vitest';
import { withCopy } from '../../../src/inference/reply/copied-reply.ts';
import type { Reply } from '../../../src/inference/reply/reply.ts';

function setUp(stream: boolean, isTold = true) {
  const seen: string[] = [];
  const reply: Reply = {
    onData: (text) => void seen.push(`sent ${text}`),
    onEnd: () => void seen.push('end'),
    onError: () => isTold,
    close: () => undefined,
  };
  const copies = { answered: (text: string) => void seen.push(`copied ${text}`), close: () => undefined };
  return { seen, reply, copied: withCopy(reply, copies, stream) };
}

it('adds nothing to the reply of a request whose bodies are not kept', () => {
  const { reply } = setUp(true);
  expect(withCopy(reply, undefined, true)).toBe(reply);
});

it('copies each event of a stream once it is sent, and the error that ends it', () => {
  const { copied, seen } = setUp(true);
  copied.onData('a');
  copied.onError(new GatewayError('worker_lost'));
  expect(seen).toEqual(['sent a', 'copied a', expect.stringMatching(/^copied data: \{"error":.*worker_lost/)]);
});

it('leaves an error to the HTTP answer while nothing is sent', () => {
  const { copied, seen } = setUp(true, false);
  expect(copied.onError(new GatewayError('worker_lost'))).toBe(false);
  expect(seen).toEqual([]);
});

it('copies a whole answer when it is sent', () => {
  const { copied, seen } = setUp(false);
  copied.onData('a');
  copied.onData('b');
  expect(seen).toEqual(['sent a', 'sent b']);
  copied.onEnd();
  expect(seen.slice(2)).toEqual(['end', 'copied ab']);
});
