import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { joined } from './openai-objects.ts';
import { readRecording, recordingNames } from './recording.ts';
import { randomCuts, replay } from './replay.ts';

const adapter = providers.ollama.create({});
const stream = 'ollama/ollama-streaming-chat-legacy.ndjson';
const whole = 'ollama/ollama-chat-tool-calls-legacy.json';
/** Recorded under Ollama's /v1, where it speaks OpenAI's protocol: see openai.test.ts too. */
const compatible = 'ollama/ollama-local-native-output-uses-json-schema.json';

const joke =
  'Why did the OpenTelemetry agent go to therapy?\n\nBecause it was feeling traced out and needed some instrumentation in its life!' +
  "\n\n(Sorry, I know it's a bit of a stretch, but I hope it brought a smile to your face!)";

describe('a recorded answer of Ollama', () => {
  it('comes out as chunks, wherever it is cut', () => {
    const recording = readRecording(stream);
    const inOne = replay({ adapter, recording });
    const usage = { prompt_tokens: 17, completion_tokens: 50, total_tokens: 67 };
    expect(joined(inOne.chunks)).toEqual({ content: joke, reasoning: '', toolCalls: [], finishReason: 'stop', usage });
    expect(inOne.result).toMatchObject({ kind: 'complete', summary: { usage, responseModel: 'llama3' } });
    for (const seed of [1, 2, 3]) {
      const inPieces = replay({ adapter, recording, cuts: randomCuts(recording.body.length, seed) });
      expect(inPieces.chunks).toEqual(inOne.chunks);
    }
  });

  it('that breaks off is truncated', () => {
    const recording = readRecording(stream);
    // In the middle of its last line, and before it.
    for (const end of ['{', '\n']) {
      const body = recording.body.subarray(0, recording.body.lastIndexOf(end, recording.body.length - 2));
      const { result } = replay({ adapter, recording: { ...recording, body } });
      expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
    }
  });

  it('comes out whole if it is whole', () => {
    const recording = readRecording(whole);
    for (const seed of [1, 2, 3]) {
      const { completion } = replay({ adapter, recording, cuts: randomCuts(recording.body.length, seed) });
      expect(completion).toMatchObject({
        model: 'llama3.1',
        created: 1_726_454_517,
        choices: [{ finish_reason: 'stop', message: { role: 'assistant' } }],
        usage: { prompt_tokens: 44, completion_tokens: 113, total_tokens: 157 },
      });
      expect(completion?.choices[0]?.message.content).toMatch(/^This is a simple example, .* Celsius\)\.$/s);
    }
  });

  it('of its compatible endpoint comes out too', () => {
    const atV1 = providers.ollama.create({}, 'http://localhost:11434/v1');
    const { completion } = replay({ adapter: atV1, recording: readRecording(compatible) });
    expect(completion?.choices[0]).toMatchObject({
      message: { content: '{ "city": "Paris", "country": "France" }', refusal: null },
      finish_reason: 'stop',
    });
    expect(completion?.choices[0]?.message.reasoning_content).toMatch(/^Okay, the user .* Paris\.\n$/s);
  });

  it('has a test', () => {
    expect(recordingNames('ollama')).toEqual([whole, compatible, stream].sort());
  });
});
