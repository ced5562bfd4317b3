import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { joined } from './openai-objects.ts';
import { readRecording, recordingNames } from './recording.ts';
import { randomCuts, replay } from './replay.ts';

const adapter = providers.coze.create({});

const usage = { prompt_tokens: 614, completion_tokens: 19, total_tokens: 633 };
/** The authors shortened the pieces, but not the whole message: the streamed text is expected. */
const content = '20星期三。';

describe('a recorded answer of Coze', () => {
  it('has no recordings but these', () => {
    expect(recordingNames('coze')).toEqual([
      'coze/chat-error-resp.sse',
      'coze/chat-failed-resp.sse',
      'coze/chat-text-stream-resp.sse',
    ]);
  });

  it('comes out as chunks, wherever it is cut', () => {
    const recording = readRecording('coze/chat-text-stream-resp.sse');
    const inOne = replay({ adapter, recording });
    expect(joined(inOne.chunks)).toEqual({ content, reasoning: '', toolCalls: [], finishReason: 'stop', usage });
    expect(inOne.chunks[0]?.id).toBe('chatcmpl-7382159487131697202');
    expect(inOne.result).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop', usage } });
    for (const seed of [1, 2, 3, 4]) {
      const inPieces = replay({ adapter, recording, cuts: randomCuts(recording.body.length, seed) });
      expect(inPieces.chunks).toEqual(inOne.chunks);
    }
  });

  it('comes out whole for a client that does not stream', () => {
    const recording = readRecording('coze/chat-text-stream-resp.sse');
    const { completion } = replay({ adapter, recording, stream: false, plan: { stream: true } });
    expect(completion).toMatchObject({
      id: 'chatcmpl-7382159487131697202',
      choices: [{ message: { role: 'assistant', content }, finish_reason: 'stop' }],
      usage,
    });
  });

  it('is never complete when it breaks off before the end of its chat', () => {
    const recording = readRecording('coze/chat-text-stream-resp.sse');
    const text = recording.body.toString('utf8');
    const last = recording.body.indexOf('event:conversation.chat.completed');
    const events = [...text.matchAll(/\n\n/g)].map(({ index }) => Buffer.byteLength(text.slice(0, index + 2)));
    const ends = [...events, ...randomCuts(recording.body.length, 5)].filter((end) => end <= last);
    expect(ends.length).toBeGreaterThan(20);
    for (const end of ends) {
      const { result } = replay({ adapter, recording: { ...recording, body: recording.body.subarray(0, end) } });
      expect(result.kind).toBe('failed');
    }
  });

  it.each([
    ['coze/chat-failed-resp.sse', { kind: 'server', code: '5000', message: 'event interval error' }],
    ['coze/chat-error-resp.sse', { kind: 'server', message: 'The provider failed without giving a reason.' }],
  ])('that is %s fails, wherever it is cut', (name, failure) => {
    const recording = readRecording(name);
    for (const cuts of [[], ...[1, 2, 3].map((seed) => randomCuts(recording.body.length, seed))]) {
      const { chunks, result } = replay({ adapter, recording, cuts });
      expect(chunks).toEqual([]);
      expect(result).toMatchObject({ kind: 'failed', failure });
    }
  });
});
