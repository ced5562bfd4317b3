import { MockAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import { type Answered, ask } from '../src/ask.ts';
import { chat } from '../src/surfaces.ts';

const origin = 'http://gateway';

/** Asks a gateway for two tokens, and answers with this text. */
async function askWith(answer: string, stream: boolean): Promise<Answered> {
  const agent = new MockAgent();
  agent.disableNetConnect();
  agent.get(origin).intercept({ path: '/v1/chat/completions', method: 'POST' }).reply(200, answer);
  const question = { surface: chat, url: `${origin}/v1`, apiKey: 'k', model: 'demo', promptBytes: 0 };
  return await ask(agent, { ...question, stream, rid: 'r', tokens: 2 });
}

const streamOf = (...chunks: string[]): string =>
  [...chunks.map((text) => `{"content":"${text}"}`), '[DONE]'].map((data) => `data: ${data}\n\n`).join('');

describe('an answer', () => {
  it('has the times of its first and its last token', async () => {
    const { firstTokenMs, lastTokenMs } = await askWith(streamOf('r.0 ', 'r.1 '), true);
    expect([firstTokenMs, lastTokenMs]).toEqual([expect.any(Number), expect.any(Number)]);
  });

  it('has no time of a last token that shares a chunk with the first', async () => {
    const { firstTokenMs, lastTokenMs } = await askWith(streamOf('r.0 r.1 '), true);
    expect([firstTokenMs, lastTokenMs]).toEqual([expect.any(Number), undefined]);
  });

  it.each(['{"content":"r.0 r.1 "}', '{"content": "r.0 r.1 "}', '{"content":\n  "r.0 r.1 "}'])(
    'may have blanks after a colon: %j',
    async (answer) => {
      expect(await askWith(answer, false)).toMatchObject({ tokens: 2 });
    },
  );

  it('with other tokens is refused', async () => {
    await expect(askWith(streamOf('r.0 ', 'r.0 '), true)).rejects.toThrow('other tokens');
  });
});
