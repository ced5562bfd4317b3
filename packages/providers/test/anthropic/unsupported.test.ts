import { fitRequest, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { untyped } from '../body.ts';

const user = { role: 'user', content: 'hi' };
const said = (...content: readonly object[]): object => ({ messages: [{ role: 'user', content }] });
const byAssistant = (fields: object): object => ({ messages: [user, { role: 'assistant', content: 'a', ...fields }] });

/** Returns the names of the refused fields. */
function refused(body: object, options: object = {}): string | undefined {
  const request = untyped({ model: 'm', messages: [user], ...body });
  const fitted = fitRequest(request, providers.anthropic.create(options), { model: 'm', dropUnsupported: false });
  return fitted.kind === 'unsupported'
    ? fitted.failure.message.replace('The model "m" does not support ', '')
    : undefined;
}

const weather = { type: 'function', function: { name: 'get_weather' } };
const schema = { type: 'json_schema', json_schema: { name: 'x', schema: {} } };

describe('a request to Anthropic', () => {
  it.each<[object, string]>([
    [{ temperature: 1.2 }, '"temperature".'],
    [{ temperature: 0.5, reasoning_effort: 'low' }, '"temperature".'],
    [{ top_p: 0.5, top_k: 4, reasoning_effort: 'low' }, '"top_p", "top_k".'],
    [{ reasoning_effort: 'enormous' }, '"reasoning_effort".'],
    [{ tool_choice: 'required' }, '"tool_choice".'],
    [{ reasoning_effort: 'low', tools: [weather], tool_choice: 'required' }, '"reasoning_effort".'],
    [{ response_format: { type: 'json_object' } }, '"response_format".'],
    [{ response_format: { type: 'json_schema', json_schema: { name: 'x' } } }, '"response_format".'],
    [{ stop: '\n' }, '"stop".'],
    [{ stop: ['END', '\n\n'] }, '"stop[1]".'],
    [{ service_tier: 'flex' }, '"service_tier".'],
    [{ n: 2 }, '"n".'],
    [{ seed: 1, logit_bias: { 1: 1 }, frequency_penalty: 1 }, '"seed", "logit_bias", "frequency_penalty".'],
    [{ functions: [{ name: 'f' }] }, '"functions".'],
    [{ tools: [weather, { type: 'custom', custom: { name: 'c' } }] }, '"tools[1]".'],
    [{ tools: [weather], tool_choice: { type: 'custom', custom: { name: 'c' } } }, '"tool_choice".'],
    [said({ type: 'image_url', image_url: { url: 'http://a.example/b.png' } }), '"messages[0].content[0]".'],
    [said({ type: 'image_url', image_url: { url: 'data:image/svg+xml;base64,AA' } }), '"messages[0].content[0]".'],
    [said({ type: 'file', file: { file_id: 'f' } }), '"messages[0].content[0]".'],
    [said({ type: 'input_audio', input_audio: { data: '', format: 'wav' } }), '"messages[0].content[0]".'],
    [said({ type: 'video_url' }), '"messages[0].content[0]".'],
    [byAssistant({ name: 'Ada' }), '"messages[1].name".'],
    [byAssistant({ audio: { id: 'a' } }), '"messages[1].audio".'],
    [byAssistant({ function_call: { name: 'f', arguments: '' } }), '"messages[1].function_call".'],
    [byAssistant({ tool_calls: [{ type: 'custom', id: 'c' }] }), '"messages[1].tool_calls[0]".'],
    [{ messages: [user, { role: 'function', name: 'f', content: 'x' }] }, '"messages[1]".'],
  ])('is refused for %j: %s', (body, names) => {
    expect(refused(body)).toBe(names);
  });

  it.each<object>([
    { temperature: 1, reasoning_effort: 'high', top_p: 0.95 },
    { temperature: 0.3, reasoning_effort: 'none', tools: [weather], tool_choice: 'required' },
    { response_format: schema, service_tier: 'default', user: 'u', metadata: { a: 'b' } },
    { tools: [weather], tool_choice: { type: 'function', function: { name: 'get_weather' } }, n: 1 },
    said({ type: 'text', text: ' ' }, { type: 'file', file: { file_data: 'data:application/pdf;base64,AA' } }),
    byAssistant({ tool_calls: [{ type: 'function', id: 'c', function: { name: 'f', arguments: '' } }] }),
  ])('may be %j', (body) => {
    expect(refused(body)).toBeUndefined();
  });

  it('has no sampling parameters if its models do not support them', () => {
    const options = { sampling: false };
    expect(refused({ temperature: 0.7, top_p: 0.9, top_k: 5 }, options)).toBe('"temperature", "top_p", "top_k".');
    expect(refused({ temperature: 1, top_p: 1 }, options)).toBeUndefined();
  });
});
