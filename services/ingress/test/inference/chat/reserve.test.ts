import { parseChatRequest } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { reserveChat } from '../../../src/inference/chat/reserve.ts';

const reserve = (fields: object) => {
  const body = { model: 'm', messages: [{ role: 'user', content: 'x'.repeat(4000) }], ...fields };
  return reserveChat(parseChatRequest(body), JSON.stringify(body).length);
};

describe('reserveChat', () => {
  it('reserves the prompt and an answer of a usual length', () => {
    const { prompt, total } = reserve({});
    expect(prompt).toBeGreaterThanOrEqual(1000);
    expect(prompt).toBeLessThan(1050);
    expect(total - prompt).toBe(256);
  });

  it.each([
    [{ max_tokens: 50 }, 50],
    [{ max_completion_tokens: 70, max_tokens: 50 }, 70],
    [{ max_completion_tokens: 1, max_tokens: 150_000 }, 150_000],
    [{ max_completion_tokens: null, max_tokens: 50 }, 50],
    [{ max_completion_tokens: 9, max_tokens: 4, n: 2 }, 18],
    [{ max_tokens: 50, n: 3 }, 150],
  ])('reserves what the client allows: %j', (fields, answer) => {
    const { prompt, total } = reserve(fields);
    expect(total - prompt).toBe(answer);
  });

  it('counts an image by the piece, not by its bytes', () => {
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(1_000_000)}` } };
    const { prompt } = reserve({ messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }, image] }] });
    expect(prompt).toBeGreaterThan(765);
    expect(prompt).toBeLessThan(900);
  });

  it.each([
    [1_000_000, 1],
    [3_000_000, 3],
    [20_000_000, 20],
  ])('counts an image of %d bytes as %d', (bytes, pieces) => {
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(bytes)}` } };
    const { prompt } = reserve({ messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }, image] }] });
    expect(Math.floor(prompt / 765)).toBe(pieces);
  });

  it('counts once, however many attempts are made', () => {
    expect(reserve({}).isPaidPerAttempt).toBe(false);
  });
});
