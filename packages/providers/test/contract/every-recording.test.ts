import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readRecording, recordingNames } from './recording.ts';

/**
 * Recordings that are not replayed unchanged through the adapter of their folder. All others must come out complete, or fail
 * as expected.
 */
const exceptions: Readonly<Record<string, string>> = {
  'azure/prompt-content-filtering.0.json':
    'edited by its authors: Azure sends it with 400, not with the 200 it has here',
  'azure/chat-content-filtering.0.json': 'edited by its authors: its choice lacks the message, which is put back',
  'anthropic/basic-response.sse':
    'edited by its authors: the last event lacks its blank line, and is complete none the less',
  'anthropic/tool-use-response.sse':
    'edited by its authors: the last event lacks its blank line, and is complete none the less',
  'anthropic/anthropic-count-tokens-error.json': 'of another endpoint; bodies of errors are the same everywhere',
  'cohere/cohere-tool-call.chunks.jsonl': 'a protocol that no provider here speaks: must come out as malformed',
  'coze/chat-text-stream-resp.sse': 'edited by its authors: its pieces do not add up to its whole message',
  'gemini/google-429-retry-info.json': 'came without its status, which stands in its body',
  'gemini/unary-failure-api-key.json': 'came without its status, which stands in its body',
  'gemini/unary-failure-quota-exceeded.json': 'came without its status, which stands in its body',
  'gemini/unary-failure-unknown-model.json': 'came without its status, which stands in its body',
  'ollama/ollama-local-native-output-uses-json-schema.json': 'recorded under /v1: goes through openai too',
  'zai/cerebras-zai-reasoning-replayed-as-think-tags.0.json':
    "of Cerebras, which speaks OpenAI's protocol: goes through openai",
  'zai/cerebras-zai-reasoning-replayed-as-think-tags.1.json':
    "of Cerebras, which speaks OpenAI's protocol: goes through openai",
};

const folder = new URL('./', import.meta.url);
const tests = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts') && !import.meta.url.endsWith(`/${name}`))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));

/** With its folder, or without in the test that is named after the folder. */
function isNamed(recording: string): boolean {
  const [provider = '', file = ''] = recording.split('/');
  return tests.some(
    ({ name, text }) =>
      text.includes(`'${recording}'`) || (name === `${provider}.test.ts` && text.includes(`'${file}'`)),
  );
}

describe('a recording', () => {
  it('is named by a test', () => {
    expect(recordingNames().length).toBeGreaterThan(80);
    expect(recordingNames().filter((name) => !isNamed(name))).toEqual([]);
  });

  it('with a special treatment exists', () => {
    expect(Object.keys(exceptions).filter((name) => !recordingNames().includes(name))).toEqual([]);
  });

  it.each(recordingNames().filter((name) => name.endsWith('.chunks.jsonl')))(
    '%s, which lost its framing, gets it back and nothing else',
    (name) => {
      const lines = readFileSync(new URL(`recorded/${name}`, folder), 'utf8').split('\n');
      const data = readRecording(name)
        .body.toString('utf8')
        .split('\n')
        .flatMap((line) => (line.startsWith('data: ') && line !== 'data: [DONE]' ? [line.slice(6)] : []));
      expect(data).toEqual(lines.filter((line) => line.trim() !== ''));
    },
  );
});
