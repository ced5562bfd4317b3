import { Anthropic } from '@anthropic-ai/sdk';
import type { Message } from '@anthropic-ai/sdk/resources/messages';
import { createMessageStream } from '@sluice/surfaces';

/** Members of the delta of a chunk. */
export type Delta = Readonly<Record<string, unknown>>;

export const chunkOf = (delta: Delta, more: Delta = {}): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', created: 1, model: 'm', choices: [{ index: 0, delta, ...more }] })}\n\n`;
export const finish = (reason: string): string => chunkOf({}, { finish_reason: reason });
export const usageChunk = (usage: object): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', created: 1, model: 'm', choices: [], usage })}\n\n`;
export const call = (index: number, fields: { id?: string; name?: string; arguments?: string }): Delta => ({
  tool_calls: [
    {
      index,
      ...(fields.id === undefined ? {} : { id: fields.id, type: 'function' }),
      function: {
        ...(fields.name === undefined ? {} : { name: fields.name }),
        ...(fields.arguments === undefined ? {} : { arguments: fields.arguments }),
      },
    },
  ],
});

/** Translates chunks of a chat answer, and ends the message. */
export function translate(...chunks: readonly string[]): string {
  const stream = createMessageStream({ requestId: 'req-1' });
  return chunks.map(stream.onData).join('') + stream.end();
}

interface Event {
  readonly name: string;
  readonly data: Delta;
}

/** Reads server-sent events as a client does. */
export function read(sse: string): readonly Event[] {
  return sse
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      const [, name = '', data = ''] = /^event: (\S+)\ndata: (.*)$/.exec(event) ?? [];
      return { name, data: JSON.parse(data) as Delta };
    });
}

/** Accumulates a stream with the official SDK, from its bytes. */
export function accumulate(sse: string): Promise<Message> {
  const client = new Anthropic({
    apiKey: 'sk-x',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(sse, { headers: { 'content-type': 'text/event-stream' } })),
  });
  return client.messages
    .stream({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] })
    .finalMessage();
}
