import { GatewayError } from '@sluice/protocol';
import { createResponseStream, toWholeResponse } from '@sluice/surfaces';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStream } from './grammar.ts';
import { call, chunk, finish, needsOf, translate, usage } from './scene.ts';

const functionTool = { type: 'function', name: 'f', parameters: {} };
const patchTool = {
  type: 'custom',
  name: 'apply_patch',
  format: { type: 'grammar', syntax: 'lark', definition: 's: x' },
};
const spaced = { type: 'namespace', name: 'crm', description: 'd', tools: [{ ...functionTool, name: 'find' }] };

describe('a streamed response', () => {
  it('has the whole grammar for a text', () => {
    const { types, response } = readStream(
      translate([
        chunk({ role: 'assistant', content: '' }),
        chunk({ content: 'Hi' }),
        chunk({ content: ' you' }),
        finish('stop'),
        usage,
      ]),
    );
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(response).toMatchObject({
      id: 'resp_1',
      object: 'response',
      model: 'gpt-x',
      usage: {
        input_tokens: 9,
        input_tokens_details: { cached_tokens: 5 },
        output_tokens_details: { reasoning_tokens: 2 },
        total_tokens: 13,
      },
      output: [{ id: 'msg_0', content: [{ type: 'output_text', text: 'Hi you', annotations: [] }] }],
    });
  });

  it('opens an item before its first piece (reports 11 and 12): a call has no text before it', () => {
    const events = [
      call(0, { id: 'call_1', function: { name: 'f', arguments: '{"a"' } }),
      call(0, { function: { arguments: ':1}' } }),
      finish('tool_calls'),
    ];
    const { types, response } = readStream(translate(events, { tools: [functionTool] }));
    expect(types).not.toContain('response.content_part.done');
    expect(response.output).toEqual([
      { id: 'fc_0', type: 'function_call', status: 'completed', arguments: '{"a":1}', call_id: 'call_1', name: 'f' },
    ]);
  });

  it('keeps arguments that come at once, and those in the first piece (report 13)', () => {
    const { response } = readStream(
      translate([
        chunk(
          { content: 'a', tool_calls: [{ index: 0, id: 'x', function: { name: 'f', arguments: '{}' } }] },
          { finish_reason: 'tool_calls' },
        ),
      ]),
    );
    expect(response.output).toMatchObject([{ type: 'message' }, { type: 'function_call', arguments: '{}' }]);
  });

  it('repeats the whole response at its end (report 14)', () => {
    const { events } = readStream(translate([chunk({ content: 'x' }), finish('stop')]));
    const told = events.flatMap(({ response }) => (response === undefined ? [] : [response]));
    expect(told).toHaveLength(3);
    expect(told).toMatchObject(told.map(() => ({ id: 'resp_1', object: 'response', tools: [] })));
  });

  it('gives a custom tool its text (report 15)', () => {
    const patch = '*** Begin Patch\n+"x" 💧\n*** End Patch';
    const text = JSON.stringify({ input: patch });
    const events = [
      call(0, { id: 'c1', function: { name: 'apply_patch', arguments: text.slice(0, 9) } }),
      call(0, { function: { arguments: text.slice(9) } }),
      finish('tool_calls'),
    ];
    const { response, types } = readStream(translate(events, { tools: [patchTool] }));
    expect(response.output).toMatchObject([
      { type: 'custom_tool_call', name: 'apply_patch', input: patch, call_id: 'c1' },
    ]);
    expect(types).toContain('response.custom_tool_call_input.done');
  });

  it('gives a tool its namespace again (report 18)', () => {
    const { response } = readStream(
      translate([call(0, { id: 'c', function: { name: 'crm__find', arguments: '{}' } }), finish('tool_calls')], {
        tools: [spaced],
      }),
    );
    expect(response.output).toMatchObject([{ type: 'function_call', namespace: 'crm', name: 'find' }]);
  });

  it('lets the client search for tools', () => {
    const search = { type: 'tool_search', execution: 'client', description: 'd', parameters: { type: 'object' } };
    const { response } = readStream(
      translate(
        [call(0, { id: 'c', function: { name: 'tool_search', arguments: '{"query":"x"}' } }), finish('tool_calls')],
        { tools: [search] },
      ),
    );
    expect(response.output).toMatchObject([
      { type: 'tool_search_call', execution: 'client', call_id: 'c', arguments: { query: 'x' }, status: 'completed' },
    ]);
  });

  it('keeps calls apart whose pieces come in turns, or that have the same number', () => {
    const turns = [
      call(0, { id: 'a', function: { name: 'f', arguments: '{' } }),
      call(1, { id: 'b', function: { name: 'f', arguments: '{"x":' } }),
      call(0, { function: { arguments: '}' } }),
      call(1, { function: { arguments: '1}' } }),
      finish('tool_calls'),
    ];
    expect(readStream(translate(turns)).response.output).toMatchObject([
      { call_id: 'a', arguments: '{}' },
      { call_id: 'b', arguments: '{"x":1}' },
    ]);
    const same = [
      call(0, { id: 'a', function: { name: 'f', arguments: '{}' } }),
      call(0, { id: 'b', function: { name: 'f', arguments: '{"y":2}' } }),
      finish('tool_calls'),
    ];
    expect(readStream(translate(same)).response.output).toMatchObject([{ arguments: '{}' }, { arguments: '{"y":2}' }]);
  });

  it('carries signed reasoning before the calls that need it', () => {
    const details = [{ type: 'reasoning.text', text: 'Hm', signature: 's==', format: 'anthropic-claude-v1', index: 0 }];
    const extra = { google: { thought_signature: 't==' } };
    const events = [
      chunk({ reasoning_content: 'Hm' }),
      chunk({ reasoning_details: details }),
      call(0, { id: 'c', function: { name: 'f', arguments: '{}' }, extra_content: extra }),
      finish('tool_calls'),
    ];
    const { output } = readStream(translate(events)).response;
    expect(output.map(({ type }) => type)).toEqual(['reasoning', 'reasoning', 'function_call']);
    expect(output[0]).toMatchObject({ summary: [{ type: 'summary_text', text: 'Hm' }] });
  });

  it.each([
    ['length', 'max_output_tokens'],
    ['content_filter', 'content_filter'],
  ])('is incomplete after %s', (reason, told) => {
    const { response, types } = readStream(translate([chunk({ content: 'x' }), finish(reason)]));
    expect(types.at(-1)).toBe('response.incomplete');
    expect(response).toMatchObject({ incomplete_details: { reason: told }, output: [{ status: 'incomplete' }] });
  });

  it('fails with an error event and the response (a truncated answer never ends like a complete one)', () => {
    const stream = createResponseStream(needsOf());
    const sse = stream.onData(chunk({ content: 'x' })) + stream.error(new GatewayError('upstream_timeout'));
    const { types, response } = readStream(sse);
    expect(types.slice(-4)).toEqual([
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.failed',
    ]);
    expect(types).toContain('error');
    expect(response).toMatchObject({ status: 'failed', error: { code: 'upstream_timeout' } });
  });

  it('hides the lengths of its pieces if the client wants that', () => {
    const stream = createResponseStream({ ...needsOf(), obfuscate: () => 'pad' });
    const { events } = readStream(stream.onData(chunk({ content: 'x' })) + stream.end());
    expect(events.find(({ type }) => type.endsWith('text.delta'))).toMatchObject({ obfuscation: 'pad' });
  });
});

/** Any piece of an answer may end a part, begin another one and bring its first text. */
const anyText = fc.string({ maxLength: 6 });
const anyDelta = fc.record(
  {
    content: fc.option(anyText),
    reasoning_content: fc.option(anyText),
    refusal: fc.option(anyText),
    tool_calls: fc.array(
      fc.record(
        {
          index: fc.nat(3),
          id: fc.option(fc.constantFrom('a', 'b', '')),
          function: fc.record(
            {
              name: fc.option(fc.constantFrom('f', '')),
              arguments: fc.option(fc.constantFrom('{}', '{"a":', '1}', '')),
            },
            { requiredKeys: [] },
          ),
        },
        { requiredKeys: ['index'] },
      ),
      { maxLength: 3 },
    ),
    reasoning_details: fc.constantFrom([], [{ type: 'reasoning.encrypted', data: 'x' }]),
  },
  { requiredKeys: [] },
);

describe('any chat stream', () => {
  it('becomes a stream of the grammar that has all its text', () => {
    fc.assert(
      fc.property(
        fc.array(anyDelta, { maxLength: 20 }),
        fc.constantFrom('stop', 'length', 'tool_calls', undefined),
        (deltas, reason) => {
          const events = [...deltas.map((delta) => chunk(delta)), ...(reason === undefined ? [] : [finish(reason)])];
          const { response } = readStream(translate(events));
          const said = deltas.map(({ content }) => content ?? '').join('');
          const texts = response.output.flatMap(({ content }) => (content as { text?: string }[] | undefined) ?? []);
          expect(texts.map(({ text = '' }) => text).join('')).toBe(said);
          const summaries = response.output.flatMap(({ summary }) => (summary as { text: string }[] | undefined) ?? []);
          expect(summaries.map(({ text }) => text).join('')).toBe(
            deltas.map((delta) => delta.reasoning_content ?? '').join(''),
          );
          const asked = deltas.flatMap((delta) => delta.tool_calls ?? []).map((each) => each.function?.arguments ?? '');
          const called = response.output.map((item) =>
            typeof item['arguments'] === 'string' ? item['arguments'] : '',
          );
          expect(called.join('').length).toBe(asked.join('').length);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('gives the same response whole', () => {
    const message = {
      role: 'assistant',
      content: 'Hi',
      reasoning_content: 'Hm',
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"n":12345678901234567890}' } }],
    };
    const text = `{"id":"c","model":"gpt-x","choices":[${JSON.stringify({ index: 0, message, finish_reason: 'tool_calls' })}]}`;
    const events = [
      chunk({ reasoning_content: 'Hm' }),
      chunk({ content: 'Hi' }),
      call(0, { ...message.tool_calls[0] }),
      finish('tool_calls'),
    ];
    expect(toWholeResponse(text, needsOf())).toEqual(readStream(translate(events)).response);
  });

  it('refuses a whole text of another kind', () => {
    expect(() => toWholeResponse('{"choices":[]}', needsOf())).toThrow('not a chat answer');
  });
});
