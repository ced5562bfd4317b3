import fc from 'fast-check';
import { parseChatRequest } from '@sluice/protocol';
import { createChunkCollector, toChunks } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';
import { chunkOf, openAiShaped, readStream } from '../shared.ts';

const nothing = fc.constantFrom(undefined, null, '');
const text = fc.oneof(fc.string(), nothing);
const call = fc.record(
  {
    id: fc.oneof(fc.constantFrom('', 'a', 'call_1', null), fc.string({ minLength: 1, maxLength: 8 })),
    index: fc.constantFrom(0, 1, null),
    type: fc.constantFrom('function', '', null),
    function: fc.record(
      { name: fc.constantFrom('f', 'g', null), arguments: fc.constantFrom('{}', '', null, { a: 1 }) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['function'] },
);
/** Fields that providers put into a message or a delta. */
const message = fc.record(
  {
    role: fc.constantFrom('assistant', null, ''),
    content: fc.oneof(
      text,
      fc.constant([]),
      fc.constant([
        { type: 'text', text: 'a' },
        { type: 'thinking', thinking: 'b' },
      ]),
    ),
    refusal: text,
    reasoning_content: text,
    reasoning: text,
    audio: fc.constantFrom(null, undefined, { id: 'audio_1', data: 'AAAA', expires_at: 1, transcript: 'hi' }),
    annotations: fc.constantFrom(null, [], [{ type: 'url_citation', url_citation: { url: 'https://a.example' } }]),
    function_call: fc.constantFrom(null, { name: 'f', arguments: '{}' }),
    tool_calls: fc.oneof(fc.constantFrom(null, []), fc.array(call, { maxLength: 3 })),
  },
  { requiredKeys: [] },
);
const reason = fc.constantFrom('stop', 'length', 'tool_calls', 'content_filter', 'end_turn', null, undefined);

const messageOf = (completion: string): object =>
  (JSON.parse(completion) as { choices: { message: object }[] }).choices[0]?.message ?? {};

/** Returns the messages that the provider receives for a conversation with this answer. */
function returned(
  answer: object,
  adapter: (typeof openAiShaped)[number][1],
  where: { baseUrl?: string } = {},
): Record<string, unknown>[] {
  const body = { model: 'm', messages: [{ role: 'user', content: 'a' }, answer, { role: 'user', content: 'b' }] };
  const request = adapter.toUpstream(parseChatRequest(body), plan({ stream: false, ...where }));
  return (JSON.parse(String(request.body)) as { messages: Record<string, unknown>[] }).messages;
}

/** Returns the members of a returned answer that a provider would refuse; empty if all are valid. */
function refusedOf(answer: object, adapter: (typeof openAiShaped)[number][1]): string[] {
  const said = returned(answer, adapter)[1] ?? {};
  const { tool_calls: calls, content, function_call: called, audio, refusal, annotations } = said;
  const nulls = Object.entries({ called, audio, refusal, annotations }).filter(([, value]) => value === null);
  const isSilent = content == null && [calls, called, audio, refusal].every((deed) => deed == null);
  return [
    ...nulls.map(([name]) => `${name} is null`),
    ...(Array.isArray(calls) && calls.length === 0 ? ['no calls'] : []),
    ...(isSilent ? ['says nothing'] : []),
    ...(audio !== undefined && JSON.stringify(audio) !== '{"id":"audio_1"}' ? ['sound'] : []),
  ];
}

describe.each(openAiShaped)('an answer of %s', (_type, adapter) => {
  it('can be sent back, whatever a whole answer contains', () => {
    fc.assert(
      fc.property(message, reason, (said, finish_reason) => {
        const answer = { id: 'c', choices: [{ index: 0, message: said, finish_reason }] };
        const whole = adapter.translateWhole(JSON.stringify(answer), {}, plan({ stream: false }));
        if (whole.kind === 'failed') return;
        expect(refusedOf(messageOf(whole.text), adapter)).toEqual([]);
        const collector = createChunkCollector();
        collector.add(toChunks(whole.text, {}));
        expect(refusedOf(messageOf(collector.toCompletion(undefined)), adapter)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('can be sent back, whatever a stream contains', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), reason, (deltas, finish_reason) => {
        const events = [...deltas.map((delta) => chunkOf(delta)), chunkOf({}, { finish_reason }), '[DONE]'];
        const { text, translator } = readStream(adapter, events);
        if (translator.state.kind !== 'complete') return;
        const collector = createChunkCollector();
        collector.add(text);
        expect(refusedOf(messageOf(collector.toCompletion(undefined)), adapter)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    [{ content: null }, { content: '' }],
    [{}, { content: '' }],
    [{ content: [] }, { content: '' }],
    [
      { content: null, tool_calls: null, function_call: null, audio: null, annotations: [], refusal: null },
      { content: '' },
    ],
    [{ content: '', tool_calls: [] }, { content: '' }],
    [
      { content: null, refusal: 'No.' },
      { content: null, refusal: 'No.' },
    ],
    [
      { content: null, audio: { id: 'audio_1', data: 'AAAA' } },
      { content: null, audio: { id: 'audio_1' } },
    ],
    [{ content: 'Hi', function_call: null }, { content: 'Hi' }],
  ])('reaches the provider in a form that it accepts: %j', (fields, wanted) => {
    expect(returned({ role: 'assistant', ...fields }, adapter)[1]).toEqual({ role: 'assistant', ...wanted });
  });
});

describe('an answer of another provider', () => {
  const answer = {
    role: 'assistant',
    content: null,
    refusal: 'No.',
    reasoning_content: 'Hm.',
    reasoning_details: [{ type: 'reasoning.text' }],
    annotations: [{ type: 'url_citation' }],
  };
  const at = (baseUrl: string): unknown => {
    const [, openai] = openAiShaped[0] ?? [];
    return openai === undefined ? undefined : returned(answer, openai, { baseUrl })[1];
  };

  it('loses members that OpenAI does not support', () => {
    expect(at('https://api.openai.com/v1')).toEqual({ role: 'assistant', content: null, refusal: 'No.' });
  });

  it('has its refusal in the text at Mistral', () => {
    expect(at('https://api.mistral.ai/v1')).toEqual({ role: 'assistant', content: 'No.' });
  });

  it('keeps its reasoning at providers that may need it', () => {
    expect(at('https://api.deepseek.com/v1')).toEqual(answer);
  });
});
