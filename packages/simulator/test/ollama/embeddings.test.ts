import { describe, expect, it } from 'vitest';
import { behaviourOf } from '../../src/faults/behaviour.ts';
import { parseDirectives } from '../../src/faults/directives.ts';
import { vectorOf } from '../../src/openai/embeddings.ts';
import { embeddings } from '../../src/ollama/embeddings.ts';

const surroundings = { query: new URLSearchParams(), headers: {}, credential: '' };

/** Returns the answer of the path with these directives: a status and a body. */
function ask(body: object | string, directives = ''): { readonly status: number; readonly body: unknown } {
  const read = embeddings.read(typeof body === 'string' ? body : JSON.stringify(body), surroundings);
  if (read.kind === 'failure') return { status: read.status, body: JSON.parse(read.body) };
  const parsed = parseDirectives(directives);
  if ('unknown' in parsed) throw new Error(`not a directive: ${parsed.unknown}`);
  const answer = read.answer(behaviourOf(parsed.directives, { earlierTries: 0, percentile: 0 }));
  if (answer.kind === 'stream') throw new Error('the answer is a stream');
  return { status: answer.kind === 'failure' ? answer.status : 200, body: JSON.parse(answer.body) };
}

describe("embeddings of the simulator's Ollama", () => {
  it.each<[unknown, readonly string[]]>([
    ['one', ['one']],
    [
      ['one', 'two'],
      ['one', 'two'],
    ],
    [[], []],
  ])('of %j are a vector for each input', (input, texts) => {
    const { status, body } = ask({ model: 'nomic', input, dimensions: 4, truncate: true, unknown: 1 });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      model: 'nomic',
      embeddings: texts.map((text) => vectorOf(text, 4)),
      prompt_eval_count: texts.length,
    });
  });

  it('have the default length if none is given', () => {
    expect(ask({ model: 'nomic', input: 'one', dimensions: 0 }).body).toMatchObject({
      embeddings: [vectorOf('one', 8)],
    });
  });

  it.each<[string, object | string, string]>([
    ['no model', { input: 'x' }, 'model is required'],
    ['tokens', { model: 'm', input: [1, 2] }, 'invalid input type'],
    ['a body that is not JSON', 'x', 'JSON'],
  ])('are refused for %s', (_what, body, message) => {
    expect(ask(body)).toEqual({ status: 400, body: { error: expect.stringContaining(message) } });
  });

  it('have their directives and conversation', () => {
    const question = embeddings.read(JSON.stringify({ model: 'nomic-e503-n1', input: 'x' }), surroundings);
    expect(question).toMatchObject({
      model: 'nomic-e503-n1',
      stream: false,
      directives: [
        { name: 'e', value: 503 },
        { name: 'n', value: 1 },
      ],
    });
    expect(ask({ model: 'm', input: 'x' }, 'errev').body).toEqual({ error: expect.any(String) });
  });
});
