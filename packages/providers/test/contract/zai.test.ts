import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { joined } from './openai-objects.ts';
import { readRecording, recordingNames } from './recording.ts';
import { randomCuts, replay } from './replay.ts';

const adapter = providers.zai.create({});

describe('a recorded answer of the GLM API', () => {
  it('has a test', () => {
    // GLM at Cerebras speaks OpenAI's protocol: those two belong to the openai adapter.
    const own = recordingNames('zai').filter((name) => !name.startsWith('zai/cerebras-'));
    expect(own).toEqual(['zai/zai-model-simple.json', 'zai/zai-thinking-mode.json', 'zai/zai-thinking-stream.sse']);
  });

  it.each([undefined, 3, 11, 29])('comes out as chunks, wherever it is cut (seed %s)', (seed) => {
    const recording = readRecording('zai/zai-thinking-stream.sse');
    const cuts = seed === undefined ? [] : randomCuts(recording.body.length, seed);
    const { chunks, result } = replay({ adapter, recording, cuts });
    const { content, reasoning, finishReason, usage, toolCalls } = joined(chunks);
    expect([content, finishReason, toolCalls]).toEqual(['4', 'stop', []]);
    expect(reasoning).toMatch(
      /^\n1\. {2}\*\*Analyze the User's Request:\*\* The user is asking a very simple, fundamental/,
    );
    expect(reasoning).toMatch(/needed\.\n\n7\. {2}\*\*Draft the final response:\*\* "4"\.$/);
    expect(usage).toMatchObject({
      prompt_tokens: 13,
      completion_tokens: 564,
      total_tokens: 577,
      completion_tokens_details: { reasoning_tokens: 561 },
    });
    expect(chunks.every(({ model, id }) => model === 'glm-4.7' && id === '202607010739425543ff9439144b2c')).toBe(true);
    expect(result).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop', responseModel: 'glm-4.7' } });
  });

  it.each([
    [
      'zai/zai-model-simple.json',
      437,
      427,
      450,
      /^\n1\. {2}\*\*Analyze the user's input\*\*.*unambiguous, and helpful response\.$/s,
    ],
    ['zai/zai-thinking-mode.json', 247, 237, 260, /^\n1\. {2}\*\*Identify the user's question:.*"The answer is 4\."$/s],
  ])('%s comes out whole', (name, completionTokens, reasoningTokens, total, reasoning) => {
    const recording = readRecording(name);
    const replays = [undefined, 5, 13, 31].map((seed) =>
      replay({ adapter, recording, cuts: seed === undefined ? [] : randomCuts(recording.body.length, seed) }),
    );
    for (const { completion, result } of replays) {
      expect(completion).toMatchObject({
        model: 'glm-4.7',
        choices: [{ message: { content: '2 + 2 is 4.' }, finish_reason: 'stop' }],
        usage: {
          prompt_tokens: 13,
          completion_tokens: completionTokens,
          total_tokens: total,
          completion_tokens_details: { reasoning_tokens: reasoningTokens },
        },
      });
      expect(completion?.choices[0]?.message.reasoning_content).toMatch(reasoning);
      expect(result).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
    }
  });
});
