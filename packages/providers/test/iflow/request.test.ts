import { providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { plan as planOf } from '../plan.ts';
import { untyped } from '../body.ts';

const adapter = providers.iflow.create({});
const messages = [{ role: 'user', content: 'Hi' }];

function send(body: object, over: Parameters<typeof planOf>[0] = {}, options: object = {}) {
  const plan = planOf({ model: 'glm-4.7', baseUrl: 'https://apis.iflow.cn/v1', apiKey: 'tok', ...over });
  const request = providers.iflow.create(options).toUpstream(untyped({ model: 'm', messages, ...body }), plan);
  return { ...request, body: JSON.parse(String(request.body)) as Record<string, unknown> };
}

/** Returns the fields that are sent beyond those of a plain question. */
function switchesOf(model: string, body: object): object {
  const { model: _model, messages: _messages, max_tokens: _most, ...rest } = send(body, { model, stream: false }).body;
  return rest;
}

describe('the request', () => {
  it('goes to the chat path with the key', () => {
    const { url, headers } = send({});
    expect(url).toBe('https://apis.iflow.cn/v1/chat/completions');
    expect(headers).toMatchObject({ authorization: 'Bearer tok', 'user-agent': 'sluice' });
    expect(headers).not.toHaveProperty('x-iflow-signature');
    expect(providers.iflow.defaultBaseUrl).toBe('https://apis.iflow.cn/v1');
  });

  it.each([
    [{}, 8192],
    [{ max_tokens: 5 }, 5],
    [{ max_completion_tokens: 6 }, 6],
    [{ max_tokens: null }, 8192],
  ])('always has a limit for the answer: %j', (body, most) => {
    expect(send(body).body).toMatchObject({ max_tokens: most });
    expect(send(body).body).not.toHaveProperty('max_completion_tokens');
  });

  it('has the configured limit', () => {
    expect(send({}, {}, { default_max_tokens: 100 }).body['max_tokens']).toBe(100);
  });

  it('omits an empty list of tools and related fields', () => {
    expect(send({ tools: [], tool_choice: 'auto', parallel_tool_calls: true }).body).not.toHaveProperty('tools');
    expect(send({ tools: [], tool_choice: 'auto' }).body).not.toHaveProperty('tool_choice');
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(send({ tools, tool_choice: 'none' }).body).toMatchObject({ tools, tool_choice: 'none' });
  });

  it('passes unknown fields on', () => {
    expect(send({ top_k: 5, response_format: { type: 'json_object' } }).body).toMatchObject({
      top_k: 5,
      response_format: { type: 'json_object' },
    });
  });

  it.each([
    ['glm-4.7', true],
    ['glm-5', true],
    ['MiniMax-M2.5', true],
    ['deepseek-v3.2', false],
    ['qwen3-max', false],
  ])('sends %s its earlier reasoning: %s', (model, keeps) => {
    const thought = { role: 'assistant', content: 'Yes', reasoning_content: 'Hm' };
    const sent = send({ messages: [thought, { role: 'assistant', content: 'No' }] }, { model }).body['messages'];
    const plain = { role: 'assistant', content: 'Yes' };
    expect(sent).toEqual([keeps ? thought : plain, { role: 'assistant', content: 'No' }]);
  });
});

describe('reasoning', verifies('004-07', '004-19', '004-20', '004-21'), () => {
  const glmOn = { chat_template_kwargs: { enable_thinking: true, clear_thinking: false } };
  const glmOff = { chat_template_kwargs: { enable_thinking: false } };
  const deepseek = { thinking_mode: true, reasoning: true };

  it.each<[string, object, object]>([
    ['glm-4.6', glmOn, glmOff],
    ['glm-4.7', glmOn, glmOff],
    ['glm-5', { ...glmOn, enable_thinking: true, thinking: { type: 'enabled' } }, glmOff],
    ['deepseek-v3.1', { chat_template_kwargs: { enable_thinking: true } }, glmOff],
    ['deepseek-v3.2-chat', { chat_template_kwargs: { enable_thinking: true } }, glmOff],
    ['deepseek-v3', deepseek, {}],
    ['deepseek-r1', deepseek, deepseek],
    ['qwen3-235b-a22b-thinking-2507', { thinking_mode: true }, { thinking_mode: true }],
    ['kimi-k2-thinking', { thinking_mode: true }, { thinking_mode: true }],
    ['minimax-m2.1', { reasoning_split: true }, { reasoning_split: false }],
    ['kimi-k2.5', { thinking: { type: 'enabled' } }, {}],
    ['mimo-v2', { thinking: { type: 'enabled' } }, {}],
    ['some-reasoning-model', { reasoning: true }, {}],
    ['qwen3-4b', {}, {}],
    ['qwen3-max', {}, {}],
    ['kimi-k2', {}, {}],
    ['iFlow-ROME-30BA3B', {}, {}],
  ])('of %s', (model, on, off) => {
    expect(switchesOf(model, { reasoning_effort: 'high' })).toEqual(on);
    expect(switchesOf(model, { reasoning_effort: 'none' })).toEqual(off);
    expect(switchesOf(model, {})).toEqual({});
  });

  it.each([
    ['(high)', true],
    ['(8192)', true],
    ['(auto)', true],
    ['(XHIGH)', true],
    ['(none)', false],
    ['(0)', false],
  ])('is set by the suffix %s of the name, which takes precedence', (suffix, isOn) => {
    const body = { reasoning_effort: isOn ? 'none' : 'high', enable_thinking: !isOn };
    expect(switchesOf(`glm-4.7${suffix}`, body)).toEqual(isOn ? glmOn : glmOff);
    expect(send({}, { model: `glm-4.7${suffix}` }).body['model']).toBe('glm-4.7');
    expect(switchesOf('glm-4.7', { model: `my-glm${suffix}`, ...body })).toEqual(isOn ? glmOn : glmOff);
  });

  it('leaves a name unchanged that only resembles one with a suffix', () => {
    expect(send({}, { model: 'glm-4.7(new)' }).body['model']).toBe('glm-4.7(new)');
  });

  it.each<[object, boolean]>([
    [{ chat_template_kwargs: { enable_thinking: false } }, false],
    [{ enable_thinking: true }, true],
    [{ thinking: { type: 'disabled' } }, false],
    [{ thinking: { type: 'enabled', budget_tokens: 5 } }, true],
    [{ thinking_mode: true }, true],
    [{ reasoning_split: false }, false],
  ])('is set by %j, which takes precedence over reasoning_effort', (native, isOn) => {
    const sent = switchesOf('glm-4.7', { ...native, reasoning_effort: isOn ? 'none' : 'high' });
    expect(sent).toEqual(isOn ? glmOn : glmOff);
  });

  it('keeps other arguments of a template', () => {
    expect(switchesOf('glm-4.7', { chat_template_kwargs: { tone: 'dry' }, reasoning_effort: 'low' })).toEqual({
      chat_template_kwargs: { tone: 'dry', enable_thinking: true, clear_thinking: false },
    });
  });
});

describe('the headers of the command line tool', () => {
  it("are signed like the tool's own", () => {
    const ids = ['11111111-2222-4333-8444-555555555555', 'c'];
    const { headers } = send(
      {},
      { apiKey: 'sk-test-0001', startedAtMs: 1_760_000_123_456, newId: () => ids.shift() ?? '' },
      { cli_headers: true },
    );
    expect(headers).toMatchObject({
      'user-agent': 'iFlow-Cli',
      'session-id': 'session-11111111-2222-4333-8444-555555555555',
      'x-iflow-timestamp': '1760000123456',
      'x-iflow-signature': 'bba8f0159be225a7344277c5895922b12f1e0dee22f01b55898c3bb4cd327835',
    });
  });

  it('sign the check of a key too', () => {
    const plan = { baseUrl: 'https://apis.iflow.cn/v1', apiKey: 'sk-test-0001', startedAtMs: 1_760_000_123_456 };
    const newId = (): string => '11111111-2222-4333-8444-555555555555';
    const check = (options: object) => providers.iflow.create(options).keyCheck?.({ ...plan, newId });
    expect(check({ cli_headers: true })).toMatchObject({
      method: 'GET',
      url: 'https://apis.iflow.cn/v1/models',
      headers: {
        authorization: 'Bearer sk-test-0001',
        'session-id': 'session-11111111-2222-4333-8444-555555555555',
        'x-iflow-signature': 'bba8f0159be225a7344277c5895922b12f1e0dee22f01b55898c3bb4cd327835',
      },
    });
    expect(check({})?.headers).not.toHaveProperty('x-iflow-signature');
  });

  it('have no signature without a key', () => {
    expect(send({}, { apiKey: undefined }, { cli_headers: true }).headers).not.toHaveProperty('x-iflow-signature');
  });
});

it('gets its access tokens from logins', () => {
  expect(adapter.tokens?.renewBeforeMs).toBe(45 * 3_600_000);
  expect(adapter.tokens?.secrets).toEqual([]);
});
