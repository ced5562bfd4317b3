import { createTranscript } from '@sluice/answers';
import { describe, expect, it } from 'vitest';

const sse = (...events: readonly object[]): string =>
  events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join('');
const text = (value: string): object => ({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text: value },
});

describe('the transcript of a stream in another protocol', () => {
  it("has the text and reasoning of Anthropic's events", () => {
    const transcript = createTranscript();
    transcript.reads('messages');
    transcript.add(
      sse(
        { type: 'message_start', message: { id: 'msg_1' } },
        { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 's' } },
        text('Hello '),
        text('you'),
      ),
    );
    expect(transcript.read()).toMatchObject({
      characters: 9,
      delivered: { id: 'msg_1', content: 'Hello you', reasoning: 'Hm', chunks: 3 },
    });
  });

  it('cannot be resumed after a call has begun', () => {
    const transcript = createTranscript();
    transcript.reads('messages');
    transcript.add(sse({ type: 'content_block_start', index: 0, content_block: { type: 'tool_use', name: 'f' } }));
    expect(transcript.read().delivered).toBeUndefined();
  });

  it('continues with chat events when another target resumes the answer', () => {
    const transcript = createTranscript();
    transcript.reads('messages');
    transcript.add(sse(text('one ')));
    transcript.reads('chat');
    transcript.add('data: {"id":"c","choices":[{"index":0,"delta":{"content":"two"},"finish_reason":"stop"}]}\n\n');
    expect(transcript.read()).toMatchObject({ finishReason: 'stop', delivered: { content: 'one two' } });
  });

  it("has the text, reasoning and end of Gemini's responses", () => {
    const transcript = createTranscript();
    transcript.reads('gemini');
    const candidate = (parts: readonly object[], more: object = {}): object => ({
      candidates: [{ content: { parts }, ...more }],
    });
    transcript.add(sse(candidate([{ text: 'Hm', thought: true }]), candidate([{ text: 'Hi' }, { text: '!' }])));
    expect(transcript.read().delivered).toMatchObject({ content: 'Hi!', reasoning: 'Hm' });
    transcript.add(sse(candidate([{ functionCall: { name: 'f' } }], { finishReason: 'STOP' })));
    expect(transcript.read()).toMatchObject({ finishReason: 'STOP' });
    expect(transcript.read().delivered).toBeUndefined();
  });
});
