import { readFileSync } from 'node:fs';
import { fitRequest } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';
import { parrot } from './parrot.ts';
import { untyped } from '../body.ts';

const adapter = parrot.create({});
const body = untyped({
  messages: [{ role: 'user', content: 'hello world' }],
  stream_options: { include_usage: true },
});

function say(...lines: readonly object[]) {
  const translator = adapter.translateStream(body, plan());
  const text = lines.map((line) => translator.push({ data: JSON.stringify(line) })).join('');
  const end = translator.end();
  return { text: text + end, state: translator.state };
}

describe('the provider of docs/add-a-provider.md', () => {
  it('is the one printed there', verifies('003-03'), () => {
    const page = readFileSync(new URL('../../../../docs/add-a-provider.md', import.meta.url), 'utf8');
    const source = readFileSync(new URL('./parrot.ts', import.meta.url), 'utf8');
    expect(page).toContain(source.replaceAll('../../src/', '../'));
  });

  it('sends its request', () => {
    expect(adapter.toUpstream({ ...body, temperature: 1 }, plan())).toMatchObject({
      url: 'http://upstream.example/v1/talk',
      headers: { 'x-cracker': 'key' },
      body: '{"say":"hello world","wild":1,"loud":5,"whole":false}',
    });
  });

  it('streams', () => {
    const { text, state } = say({ word: 'hello ' }, { word: 'world' }, { done: true, heard: 2, said: 2 });
    expect(text.match(/"delta":\{[^}]*\}/g)).toEqual([
      '"delta":{"role":"assistant","content":"hello "}',
      '"delta":{"content":"world"}',
      '"delta":{}',
    ]);
    expect(text).toContain('"usage":{"prompt_tokens":2,"completion_tokens":2,"total_tokens":4}');
    expect(state).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
  });

  it('answers whole', () => {
    const whole = adapter.translateWhole('{"said":"hello"}', body, plan({ stream: false }));
    expect(whole.kind === 'complete' && JSON.parse(whole.text)).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
    });
  });

  it.each([
    ['breaks off', [{ word: 'hel' }], 'truncated'],
    ['squawks', [{ squawk: 'no cracker' }], 'server'],
    ['mumbles', ['mumble'], 'malformed'],
  ])('fails when it %s', (_what, lines, kind) => {
    expect(say(...(lines as object[])).state).toMatchObject({ kind: 'failed', failure: { kind } });
  });

  it('refuses unsupported fields without any code for it', () => {
    const fitted = fitRequest(untyped({ ...body, tools: [{ type: 'function' }] }), adapter, {
      model: 'm',
      dropUnsupported: false,
    });
    expect(fitted).toMatchObject({ kind: 'unsupported', failure: { param: 'tools' } });
  });
});
