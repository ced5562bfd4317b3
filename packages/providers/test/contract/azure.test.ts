import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { joined } from './openai-objects.ts';
import { readRecording } from './recording.ts';
import { randomCuts, replay } from './replay.ts';

const adapter = providers.azure.create({});

describe('a recorded answer of Azure', () => {
  it.each([
    ['azure/chat-streaming.0.sse', 'gpt-35-turbo', 'Why did the'],
    ['azure/azure-model-router-1.chunks.jsonl', 'gpt-5-nano-2025-08-07', 'Capital of Denmark.'],
  ])('%s comes out as chunks with choices, wherever it is cut', (name, model, text) => {
    const recording = readRecording(name);
    const inOne = replay({ adapter, recording });
    const answer = joined(inOne.chunks);
    expect(answer).toMatchObject({ finishReason: 'stop' });
    expect(answer.content).toContain(text);
    expect(inOne.chunks.every(({ choices, usage }) => choices.length > 0 || usage != null)).toBe(true);
    expect(inOne.result).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop', responseModel: model } });
    const inPieces = replay({ adapter, recording, cuts: randomCuts(recording.body.length, 7) });
    expect(inPieces.chunks).toEqual(inOne.chunks);
  });

  it('passes unchanged when it is whole', () => {
    const recording = readRecording('azure/azure-provider-call.json');
    const { completion, result } = replay({ adapter, recording });
    expect(completion).toEqual(JSON.parse(recording.body.toString('utf8')));
    expect(result).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
  });

  it('has a message even where the filter took everything', () => {
    const { completion } = replay({ adapter, recording: readRecording('azure/chat-content-filtering.0.json') });
    expect(completion).toMatchObject({
      choices: [{ message: { role: 'assistant', content: null }, finish_reason: 'content_filter' }],
      usage: { total_tokens: 34 },
    });
  });

  it('that refuses the prompt is a content_policy failure', () => {
    // Edited by its authors: Azure sends this body with 400, not with the 200 of the recording.
    const recording = { ...readRecording('azure/prompt-content-filtering.0.json'), status: 400 };
    const { result } = replay({ adapter, recording });
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'content_policy', code: 'content_filter' } });
  });
});
