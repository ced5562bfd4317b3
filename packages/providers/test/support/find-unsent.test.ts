import { fitRequest, type ProviderAdapter, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { untyped } from '../body.ts';

const mark = { type: 'ephemeral' };
const image = { url: 'data:image/png;base64,AAAA', detail: 'low' };
const body = untyped({
  user: 'u',
  metadata: { a: 'b' },
  prompt_cache_key: null,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'x', cache_control: mark, prompt_cache_breakpoint: { mode: 'explicit' } },
        { type: 'text', text: 'y', cache_control: mark },
        { type: 'image_url', image_url: image },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: '{}' }, cache_control: mark }],
    },
    { role: 'tool', tool_call_id: '1', content: 'x', cache_control: mark },
  ],
  tools: [{ type: 'function', function: { name: 'f' }, cache_control: mark }],
});

function unsent(adapter: ProviderAdapter): readonly string[] {
  const fitted = fitRequest(body, adapter, { model: 'm', dropUnsupported: false });
  if (fitted.kind === 'unsupported') throw new Error(fitted.failure.message);
  return fitted.unsent;
}

const cacheMarks = [
  'messages.content.cache_control',
  'messages.tool_calls.cache_control',
  'messages.cache_control',
  'tools.cache_control',
];

describe('labels and hints that a provider does not get', () => {
  it.each<[string, ProviderAdapter, readonly string[]]>([
    ['OpenAI', providers.openai.create({}, 'https://api.openai.com/v1'), cacheMarks],
    ['another server', providers.openai.create({}, 'http://upstream.example/v1'), []],
    ['Anthropic', providers.anthropic.create({}), ['metadata', 'messages.content.image_url.detail']],
  ])('are told once each, without indices: %s', (_provider, adapter, names) => {
    expect(new Set(unsent(adapter))).toEqual(new Set(names));
  });

  it('are told for Gemini, which has no labels and marks', () => {
    expect(unsent(providers.gemini.create({}))).toEqual([
      'user',
      'metadata',
      'messages.content.cache_control',
      'messages.content.prompt_cache_breakpoint',
      'messages.content.image_url.detail',
      'messages.tool_calls.cache_control',
      'messages.cache_control',
      'tools.cache_control',
    ]);
  });

  it('do not include the detail that is the default', () => {
    const parts = [{ type: 'image_url', image_url: { ...image, detail: 'auto' } }];
    const asked = untyped({ messages: [{ role: 'user', content: parts }] });
    const fitted = fitRequest(asked, providers.gemini.create({}), { model: 'm', dropUnsupported: false });
    expect(fitted).toMatchObject({ unsent: [] });
  });
});
