import { describe, expect, it } from 'vitest';
import { simulate } from '../simulate.ts';

interface Line {
  readonly message?: { readonly content: string; readonly thinking?: string; readonly tool_calls?: readonly object[] };
  readonly done?: boolean;
  readonly done_reason?: string;
  readonly error?: string;
}

async function ask(body: object): Promise<{ response: Response; lines: readonly Line[] }> {
  const simulator = await simulate();
  const messages = [{ role: 'user', content: 'rid=r1' }];
  const response = await fetch(`${simulator.url}/api/chat`, {
    method: 'POST',
    body: JSON.stringify({ messages, ...body }),
  });
  const text = await response.text();
  const lines = text.split('\n').filter((line) => line !== '');
  return { response, lines: lines.map((line) => JSON.parse(line) as Line) };
}

const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } };

describe('the simulated Ollama', () => {
  it('streams lines by default, and without a key', async () => {
    const { response, lines } = await ask({ model: 'demo-t2-q1' });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(lines.map(({ message }) => [message?.thinking, message?.content])).toEqual([
      ['think0 ', ''],
      [undefined, 'r1.0 '],
      [undefined, 'r1.1 '],
      [undefined, ''],
    ]);
    expect(lines.at(-1)).toMatchObject({ done: true, done_reason: 'stop', prompt_eval_count: 9, eval_count: 3 });
  });

  it('answers whole, without reasoning if it is turned off', async () => {
    const { lines } = await ask({ model: 'demo-t2-q1', stream: false, think: false });
    expect(lines).toMatchObject([{ message: { content: 'r1.0 r1.1 ' }, done: true }]);
    expect(lines[0]?.message).not.toHaveProperty('thinking');
  });

  it.each([true, false])('calls tools with an object and without an id (stream: %s)', async (stream) => {
    const { lines } = await ask({ model: 'demo', tools: [weather], stream });
    expect(lines[0]?.message?.tool_calls).toEqual([{ function: { name: 'weather', arguments: {} } }]);
  });

  it.each<[string, object, number, string]>([
    ['a missing model', { model: 'demo-e404' }, 404, "model 'demo-e404' not found"],
    ['content as a list', { model: 'demo', messages: [{ role: 'user', content: [] }] }, 400, 'json: cannot unmarshal'],
    ['an unknown role', { model: 'demo', messages: [{ role: 'developer' }] }, 400, 'invalid role: developer'],
    ['a data URL', { model: 'demo', messages: [{ role: 'user', images: ['data:;base64,AA'] }] }, 400, 'illegal base64'],
    [
      'arguments as text',
      { model: 'demo', messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }] },
      400,
      'json: cannot unmarshal string',
    ],
  ])('refuses %s', async (_what, body, status, error) => {
    const { response, lines } = await ask(body);
    expect(response.status).toBe(status);
    expect(lines[0]?.error).toContain(error);
  });

  it.each([
    ['errev', (last: Line | undefined) => last?.error !== undefined],
    ['cut', (last: Line | undefined) => last?.done === false],
    ['nodone', (last: Line | undefined) => last?.done === false],
  ])('can be interrupted with %s', async (fault, isBroken) => {
    const { lines } = await ask({ model: `demo-t4-${fault}` });
    expect(isBroken(lines.at(-1))).toBe(true);
  });
});
