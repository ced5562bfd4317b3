import { GatewayError } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { withThinking } from '../../../src/inference/reply/thinking-reply.ts';
import { createWholeReply } from '../../../src/inference/reply/whole-reply.ts';
import type { Reply } from '../../../src/inference/reply/reply.ts';
import { serve } from '../../middleware/serving.ts';

/** Replies to one request; resolves with the answer that the client gets. */
async function replyWith(act: (reply: Reply) => void, settled?: () => Promise<void>) {
  const port = await serve((_request, response) => {
    act(
      createWholeReply(
        {
          response,
          kept: undefined,
          setHeaders: () => void response.setHeader('x-sluice-upstream', 'u'),
        },
        undefined,
        settled,
      ),
    );
    if (!response.headersSent) response.writeHead(599).end();
  });
  const response = await fetch(`http://127.0.0.1:${port}/`);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('a whole reply', () => {
  it('sends the pieces at once, with their length in bytes', async () => {
    const { status, headers, text } = await replyWith((reply) => {
      reply.onData('{"é":');
      reply.onData('1}');
      reply.onEnd();
    });
    expect([status, text]).toEqual([200, '{"é":1}']);
    expect(headers.get('content-length')).toBe('8');
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('x-sluice-upstream')).toBe('u');
  });

  it('is sent when what it stored can be read, and not before', async () => {
    const order: string[] = [];
    const { text } = await replyWith(
      (reply) => {
        reply.onData('{}');
        reply.onEnd();
        order.push('ended');
      },
      async () => {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        order.push('stored');
      },
    );
    expect([...order, text]).toEqual(['ended', 'stored', '{}']);
  });

  it('leaves an error to the HTTP error, and writes nothing', async () => {
    const told: boolean[] = [];
    const { status } = await replyWith((reply) => {
      reply.onData('{');
      told.push(reply.onError(new GatewayError('upstream_error')));
      reply.close();
    });
    expect([status, told]).toEqual([599, [false]]);
  });

  it.each([
    ['field', '{"choices":[{"message":{"content":"a","reasoning_content":"r"}}]}'],
    ['raw', '{"choices":[{"message":{"content":"a","reasoning_content":"r"}}]}'],
  ] as const)('passes reasoning on unchanged in the mode %s', (mode, text) => {
    const written: string[] = [];
    const plain: Reply = {
      onData: (piece) => void written.push(piece),
      onEnd: () => void written.push('end'),
      onError: () => false,
      close: () => undefined,
    };
    const reply = withThinking(plain, mode, false);
    expect(reply).toBe(plain);
    reply.onData(text);
    expect(written).toEqual([text]);
  });
});

describe('a reply without reasoning', () => {
  const setUp = (stream: boolean) => {
    const written: string[] = [];
    const plain: Reply = {
      onData: (piece) => void written.push(piece),
      onEnd: () => void written.push('end'),
      onError: ({ code }) => written.push(code) > 0,
      close: () => void written.push('closed'),
    };
    return { written, reply: withThinking(plain, 'strip', stream) };
  };

  it('is written once it is complete', () => {
    const { written, reply } = setUp(false);
    const text = JSON.stringify({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [
        { index: 0, message: { role: 'assistant', content: 'a', reasoning_content: 'r' }, finish_reason: 'stop' },
      ],
    });
    reply.onData(text.slice(0, 30));
    reply.onData(text.slice(30));
    expect(written).toEqual([]);
    reply.onEnd();
    expect(written.at(-1)).toBe('end');
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ choices: [{ message: { content: 'a' } }] });
    expect(written[0]).not.toContain('reasoning_content');
  });

  it('is silent for reasoning alone', () => {
    const { written, reply } = setUp(true);
    const chunk = (delta: object): string =>
      `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;
    reply.onData(chunk({ reasoning_content: 'r' }));
    expect(written).toEqual([]);
    reply.onData(chunk({ content: 'a' }));
    expect(written).toHaveLength(1);
    expect(written[0]).toContain('"content":"a"');
  });

  it('passes errors and the close on', () => {
    const { written, reply } = setUp(true);
    expect(reply.onError(new GatewayError('upstream_error'))).toBe(true);
    reply.close();
    expect(written).toEqual(['upstream_error', 'closed']);
  });
});
