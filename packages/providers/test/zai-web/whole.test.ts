import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers['zai-web'].create({ signing_variant: 'none' });
const translate = (answer: unknown, over: Parameters<typeof plan>[0] = {}) =>
  adapter.translateWhole(JSON.stringify(answer), {}, plan(over));

const text =
  '<glm_block view="">{"type":"mcp"}</glm_block>' +
  '<details type="reasoning" done="true" duration="1">\n<summary>Thought for 1 second</summary>\n> Greet.\n</details>\n' +
  'Hello<glm_block>{}</glm_block>, world.';

describe('an answer in one piece', () => {
  it('has reasoning, text and tool blocks separated', () => {
    const usage = { prompt_tokens: 6, completion_tokens: 2, total_tokens: 8 };
    const whole = translate({ type: 'chat:completion', data: { content: text, phase: 'done', done: true, usage } });
    expect(whole).toMatchObject({ kind: 'complete', summary: { usage, finishReason: 'stop' } });
    expect(JSON.parse(whole.kind === 'complete' ? whole.text : '')).toMatchObject({
      object: 'chat.completion',
      choices: [
        {
          message: { role: 'assistant', content: 'Hello, world.', reasoning_content: 'Greet.' },
          finish_reason: 'stop',
        },
      ],
      usage,
    });
  });

  it('equals the stream with that event', () => {
    const event = { data: { content: text, phase: 'answer', done: true } };
    const translator = adapter.translateStream({}, plan());
    const sse = translator.push({ data: JSON.stringify(event) }) + translator.end();
    const deltas = sse
      .split('\n\n')
      .filter((each) => each !== '')
      .flatMap((each) => (JSON.parse(each.slice(6)) as { choices: { delta: Record<string, string> }[] }).choices)
      .map(({ delta }) => delta);
    const join = (name: string): string => deltas.map((delta) => delta[name] ?? '').join('');
    const whole = translate(event);
    const { choices } = JSON.parse(whole.kind === 'complete' ? whole.text : '') as { choices: { message: object }[] };
    expect(choices[0]?.message).toMatchObject({
      content: join('content'),
      reasoning_content: join('reasoning_content'),
    });
  });

  it.each<[unknown, string]>([
    [{ data: { content: '', done: true, error: { code: 'MODEL_CONCURRENCY_LIMIT', detail: 'busy' } } }, 'rate_limit'],
    [{ detail: 'System busy' }, 'server'],
    [{ data: { done: true } }, 'malformed'],
    [{ ok: true }, 'malformed'],
    ['<html>', 'malformed'],
  ])('fails if it is %j', (answer, kind) => {
    expect(translate(answer)).toMatchObject({ kind: 'failed', failure: { kind } });
  });
});

describe('the last chunk of a stream', () => {
  it.each([
    [
      'before the last text',
      [{ data: { phase: 'other', usage: { prompt_tokens: 1, completion_tokens: 2 } } }, { data: { done: true } }],
    ],
    [
      'beside the data',
      [{ data: { done: true } }, { usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }],
    ],
    ['with choices', [{ data: { done: true } }, { choices: [], usage: { input_tokens: 1, output_tokens: 2 } }]],
  ])('has usage and no choices if the backend sends usage %s', (_where, events) => {
    const translator = adapter.translateStream({ stream_options: { include_usage: true } }, plan());
    const hello = { data: { delta_content: 'Hello', phase: 'answer' } };
    const sse =
      [hello, ...events].map((event) => translator.push({ data: JSON.stringify(event) })).join('') +
      translator.push({ data: '[DONE]' });
    const last = JSON.parse(sse.trimEnd().split('\n\n').at(-1)?.slice(6) ?? '') as object;
    expect(last).toMatchObject({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } });
  });
});
