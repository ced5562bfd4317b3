import type { ChatBody } from '@sluice/protocol';
import { providers, type StreamTranslator } from '@sluice/providers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.openai.create({});
const names = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' };
const role = { role: 'assistant' };

interface Choice {
  readonly index: number;
  readonly delta: Readonly<Record<string, unknown>>;
  readonly finish_reason: string | null;
  readonly [extension: string]: unknown;
}
interface Chunk {
  readonly choices: readonly Choice[];
  readonly usage?: unknown;
  readonly [extension: string]: unknown;
}

const chunk = (delta: object, more: object = {}, head: object = {}): object => ({
  ...names,
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
  ...head,
});

type Sent = object | string;
const opened = (body: ChatBody): StreamTranslator => adapter.translateStream(body, plan());

function translate(events: readonly Sent[], body: ChatBody = {}): { chunks: Chunk[]; translator: StreamTranslator } {
  const translator = opened(body);
  const pushed = events.map((event) =>
    translator.push({ data: typeof event === 'string' ? event : JSON.stringify(event) }),
  );
  const text = pushed.join('') + translator.end();
  const chunks = text.split('\n\n').filter((part) => part !== '');
  return { chunks: chunks.map((part) => JSON.parse(part.slice('data: '.length)) as Chunk), translator };
}

const deltasOf = (events: readonly Sent[]): unknown[] =>
  translate(events).chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));

describe('the id, date and model of a streamed answer', () => {
  it('are added if the server gives none, equal on each chunk', () => {
    const bare = { choices: [{ delta: { content: 'a' } }] };
    const { chunks } = translate([bare, bare, { choices: [{ delta: {}, finish_reason: 'stop' }] }, '[DONE]']);
    const made = {
      id: 'chatcmpl-request',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'upstream-model',
    };
    expect(chunks).toMatchObject([made, made, made]);
    expect(chunks.map(({ choices }) => choices[0]?.index)).toEqual([0, 0, 0]);
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([null, null, 'stop']);
    expect(chunks.map(({ choices }) => choices[0]?.delta['role'])).toEqual(['assistant', undefined, undefined]);
  });

  it('of the first chunk are used for later chunks without them', () => {
    const { chunks } = translate([chunk({ ...role, content: 'a' }), { choices: [{ delta: { content: 'b' } }] }]);
    expect(chunks[1]).toMatchObject(names);
  });

  it.each([
    ['a fraction in the date', { created: 1.5 }, { created: 1 }],
    ['another object', { object: 'chat.completion' }, { object: 'chat.completion.chunk' }],
    ['an empty id', { id: '' }, { id: 'chatcmpl-request' }],
    ['a service tier of its own', { service_tier: 'on_demand' }, { object: 'chat.completion.chunk' }],
  ])('are corrected: %s', (_what, head, wanted) => {
    const { chunks } = translate([chunk({ ...role, content: 'a' }, {}, { ...head, x_own: { kept: [1] } })]);
    expect(chunks[0]).toMatchObject({ ...wanted, x_own: { kept: [1] } });
    expect(chunks[0]).not.toHaveProperty('service_tier');
  });
});

describe('the texts of a delta', () => {
  it.each<[string, object, object]>([
    ['reasoning', { content: '', reasoning: 'hm' }, { content: '', reasoning_content: 'hm' }],
    ['reasoning under two names', { reasoning: 'hm', reasoning_content: 'hm' }, { reasoning_content: 'hm' }],
    [
      'two kinds of reasoning',
      { reasoning: 'short', reasoning_content: 'long' },
      { reasoning: 'short', reasoning_content: 'long' },
    ],
    [
      'details of reasoning',
      { reasoning: 'hm', reasoning_details: [1] },
      { reasoning_content: 'hm', reasoning_details: [1] },
    ],
    [
      'a list of texts',
      {
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { content: 'ab' },
    ],
    [
      'a list with reasoning',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'a' },
        ],
      },
      { content: 'a', reasoning_content: 'hm' },
    ],
    [
      'a list with other parts',
      {
        content: [
          { type: 'text', text: 'a' },
          { type: 'reference', reference_ids: [1] },
        ],
      },
      { content: 'a', content_parts: [{ type: 'reference', reference_ids: [1] }] },
    ],
    ['nulls', { content: 'a', role: null, tool_calls: null, function_call: null }, { content: 'a' }],
  ])("are put under OpenAI's names: %s", (_what, given, wanted) => {
    // As the first of its stream, and as the only one that deviates.
    expect(deltasOf([chunk({ ...role, ...given, ...('role' in given ? role : {}) })])).toEqual([
      { ...role, ...wanted },
    ]);
    expect(deltasOf([chunk({ ...role, content: 'x' }), chunk(given)]).at(1)).toEqual(wanted);
  });

  it('are read from a message if there is no delta, and only once', () => {
    const said = { index: 0, message: { role: 'assistant', content: 'all' }, finish_reason: 'stop' };
    expect(deltasOf([{ choices: [said] }])).toEqual([{ role: 'assistant', content: 'all' }]);
    expect(deltasOf([chunk({ ...role, content: 'all' }), { choices: [said] }])).toEqual([
      { ...role, content: 'all' },
      {},
    ]);
  });
});

describe('tool calls of a stream', () => {
  const call = (name: string, more: object = {}): object => ({ function: { name, arguments: '{}' }, ...more });
  const calls = (...events: readonly (readonly object[])[]): unknown[] =>
    deltasOf([chunk({ ...role, content: null }), ...events.map((pieces) => chunk({ tool_calls: pieces }))]).flatMap(
      (delta) => (delta as { tool_calls?: unknown[] }).tool_calls ?? [],
    );
  const begun = (index: number, id: string, name: string): object => ({
    index,
    id,
    type: 'function',
    function: { name, arguments: '{}' },
  });

  it.each<[string, readonly (readonly object[])[], readonly object[]]>([
    [
      'neither index nor id',
      [[call('f'), call('g')]],
      [begun(0, 'call_request_0', 'f'), begun(1, 'call_request_1', 'g')],
    ],
    ['only an id', [[call('f', { id: 'a' })], [call('g', { id: 'b' })]], [begun(0, 'a', 'f'), begun(1, 'b', 'g')]],
    [
      'the same index for all',
      [[call('f', { id: 'a', index: 0 })], [call('g', { id: 'b', index: 0 })]],
      [begun(0, 'a', 'f'), begun(1, 'b', 'g')],
    ],
    ['indices from 1', [[call('f', { id: 'a', index: 1 })]], [begun(0, 'a', 'f')]],
    ['an empty id and no type', [[call('f', { id: '', index: 0 })]], [begun(0, 'call_request_0', 'f')]],
    [
      'arguments as an object',
      [[{ index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } }]],
      [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }],
    ],
    [
      'names repeated on each piece',
      [
        [call('f', { id: 'a', index: 0 })],
        [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: 'x' } }],
      ],
      [begun(0, 'a', 'f'), { index: 0, type: 'function', function: { arguments: 'x' } }],
    ],
    [
      'a new id on each piece',
      [[call('f', { id: 'a', index: 0 })], [{ index: 0, id: 'b', function: { arguments: 'x' } }]],
      [begun(0, 'a', 'f'), { index: 0, function: { arguments: 'x' } }],
    ],
    [
      'pieces without id and index',
      [[call('f', { id: 'a' })], [{ function: { arguments: 'x' } }]],
      [begun(0, 'a', 'f'), { index: 0, function: { arguments: 'x' } }],
    ],
    [
      'pieces of a renumbered call',
      [[call('f', { id: 'a', index: 3 })], [{ index: 3, function: { arguments: 'x' } }]],
      [begun(0, 'a', 'f'), { index: 0, function: { arguments: 'x' } }],
    ],
  ])('have indices and ids: %s', (_what, events, wanted) => {
    expect(calls(...events)).toEqual(wanted);
  });

  it('end the answer with tool_calls, unless the client required the call', () => {
    const events = [
      chunk({ ...role, tool_calls: [begun(0, 'a', 'f')] }),
      chunk({}, { finish_reason: 'stop' }),
      '[DONE]',
    ];
    expect(translate(events).translator.state).toMatchObject({ summary: { finishReason: 'tool_calls' } });
    const forced = translate(events, { tool_choice: { type: 'function', function: { name: 'f' } } });
    expect(forced.translator.state).toMatchObject({ summary: { finishReason: 'stop' } });
  });

  it('is tool_calls if each call begins with its arguments', () => {
    const events = [
      chunk({ ...role, content: '' }, { logprobs: null }),
      chunk(
        { tool_calls: [{ index: 0, function: { arguments: '', name: 'f' }, type: 'function' }] },
        { logprobs: null },
      ),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{}', name: 'f' } }] }, { logprobs: null }),
      chunk({}, { finish_reason: 'stop' }),
    ];
    const { chunks, translator } = translate(events);
    expect(translator.state).toMatchObject({ summary: { finishReason: 'tool_calls' } });
    expect(chunks.slice(1, 3).map(({ choices }) => choices[0]?.delta['tool_calls'])).toEqual([
      [{ index: 0, id: 'call_request_0', type: 'function', function: { name: 'f', arguments: '' } }],
      [{ index: 0, function: { arguments: '{}' } }],
    ]);
  });
});

describe('the end of a stream', () => {
  it.each([
    ['end_turn', 'stop'],
    ['eos', 'stop'],
    ['STOP', 'stop'],
    ['max_tokens', 'length'],
    ['model_length', 'length'],
    ['tool_use', 'tool_calls'],
    ['sensitive', 'content_filter'],
    ['a word of its own', 'stop'],
    ['function_call', 'function_call'],
  ])('%s is %s', (word, reason) => {
    const { chunks, translator } = translate([chunk({ ...role, content: 'a' }), chunk({}, { finish_reason: word })]);
    expect(chunks.at(-1)?.choices[0]).toMatchObject({ finish_reason: reason });
    expect(chunks.at(-1)?.choices[0]?.['native_finish_reason']).toBe(word === reason ? undefined : word);
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason: reason } });
  });

  it.each(['', 'null', undefined])('has not come with %j', (word) => {
    const { chunks, translator } = translate([chunk({ ...role, content: 'a' }, { finish_reason: word })]);
    expect(chunks.at(-1)?.choices[0]).toMatchObject({ finish_reason: null });
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
  });

  it.each(['error', 'network_error', 'abort'])('%s is not an end: the answer was aborted', (word) => {
    const { translator } = translate([chunk({ ...role, content: 'a' }), chunk({}, { finish_reason: word }), '[DONE]']);
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind: 'server' } });
  });

  it.each([
    ['stop', {}],
    ['tool_calls', { tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] }],
  ])('is %s if [DONE] comes without a reason', (reason, delta) => {
    const { chunks, translator } = translate([chunk({ ...role, ...delta }), '[DONE]']);
    expect(chunks.at(-1)).toMatchObject({ ...names, choices: [{ index: 0, delta: {}, finish_reason: reason }] });
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason: reason } });
  });

  it('does not come while a choice is open', () => {
    const two = { ...names, choices: [0, 1].map((index) => ({ index, delta: role, finish_reason: null })) };
    const { translator } = translate([two, chunk({}, { finish_reason: 'stop' })], { n: 2 });
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
  });
});

describe('the usage of a stream', () => {
  const counts = (prompt: number, completion: number): object => ({
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  });
  const hello = chunk({ ...role, content: 'a' });
  const asked: ChatBody = { stream_options: { include_usage: true } };

  it.each<[string, readonly Sent[], object]>([
    [
      'on each chunk',
      [chunk(role, {}, { usage: counts(3, 1) }), chunk({}, { finish_reason: 'stop' }, { usage: counts(3, 2) })],
      counts(3, 2),
    ],
    ['on the last chunk', [hello, chunk({}, { finish_reason: 'stop' }, { usage: counts(3, 2) })], counts(3, 2)],
    ['at Groq', [hello, chunk({}, { finish_reason: 'stop' }, { x_groq: { usage: counts(3, 2) } })], counts(3, 2)],
    ['in a choice', [hello, chunk({}, { finish_reason: 'stop', usage: counts(3, 2) })], counts(3, 2)],
    ['without choices', [hello, chunk({}, { finish_reason: 'stop' }), { usage: counts(3, 2) }], counts(3, 2)],
    [
      'in two parts',
      [chunk(role, {}, { usage: counts(3, 0) }), chunk({}, { finish_reason: 'stop' }, { usage: counts(0, 2) })],
      counts(3, 2),
    ],
    [
      'with implausible numbers',
      [
        hello,
        chunk(
          {},
          { finish_reason: 'stop' },
          { usage: { prompt_tokens: 2.6, completion_tokens: -1, total_tokens: null } },
        ),
      ],
      counts(3, 0),
    ],
    [
      'with invalid details',
      [
        hello,
        chunk(
          {},
          { finish_reason: 'stop' },
          {
            usage: {
              ...counts(3, 2),
              prompt_tokens_details: null,
              completion_tokens_details: { reasoning_tokens: null },
            },
          },
        ),
      ],
      { ...counts(3, 2), completion_tokens_details: {} },
    ],
    [
      'with cached tokens in another member',
      [hello, chunk({}, { finish_reason: 'stop' }, { usage: { ...counts(3, 2), prompt_cache_hit_tokens: 2 } })],
      { ...counts(3, 2), prompt_cache_hit_tokens: 2, prompt_tokens_details: { cached_tokens: 2 } },
    ],
  ])('comes once, at the end: %s', (_what, events, wanted) => {
    const { chunks, translator } = translate([...events, '[DONE]'], asked);
    expect(chunks.at(-1)).toEqual({ ...names, choices: [], usage: wanted });
    expect(chunks.slice(0, -1).filter(({ usage }) => usage != null)).toEqual([]);
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { usage: wanted } });
    const unasked = translate([...events, '[DONE]']);
    expect(unasked.chunks.filter(({ usage }) => usage !== undefined)).toEqual([]);
  });
});

describe('an error in a stream', () => {
  it.each<[string, Sent, string | undefined, string]>([
    [
      'a chunk that contains an error',
      chunk({}, { finish_reason: 'error' }, { error: { code: 502, message: 'gone' } }),
      undefined,
      'server',
    ],
    ['an event named error, in plain text', 'Internal Server Error', 'error', 'server'],
    ['an event named error, without envelope', { message: 'slow down', code: 429 }, 'error', 'rate_limit'],
    ['an object named error', { object: 'error', message: 'bad', code: 400 }, undefined, 'invalid_request'],
    ['an error type', { error: { type: 'rate_limit_error', message: 'slow' } }, undefined, 'rate_limit'],
    ['a code and a message', { code: 503, msg: 'busy' }, undefined, 'server'],
    ['plain text', 'upstream connect error', undefined, 'malformed'],
  ])('is a failure: %s', (_what, event, name, kind) => {
    const translator = opened({});
    translator.push({ data: JSON.stringify(chunk({ ...role, content: 'a' })) });
    translator.push({
      data: typeof event === 'string' ? event : JSON.stringify(event),
      ...(name === undefined ? {} : { event: name }),
    });
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind } });
  });
});

it('does not treat a progress report as an error', () => {
  const news = { status: 'queued', message: 'wait' };
  const { translator } = translate([news, chunk({ ...role, content: 'a' }, { finish_reason: 'stop' }), '[DONE]']);
  expect(translator.state).toMatchObject({ kind: 'complete' });
});

describe('a deviation in the middle of a clean stream', () => {
  const first = chunk({ ...role, content: 'a' });

  it('is corrected: a repeated or missing role', () => {
    expect(deltasOf([first, chunk({ role: '', content: 'b' })])[1]).toEqual({ content: 'b' });
  });

  it.each([
    ['names first', (choices: readonly object[]): object => ({ ...names, choices })],
    ['choices first', (choices: readonly object[]): object => ({ choices, ...names })],
  ])('is corrected: several choices in one chunk, each of which must end: %s', (_what, write) => {
    const choice = (index: number, delta: object, reason: string | null = null): object => ({
      index,
      delta,
      finish_reason: reason,
    });
    const { chunks, translator } = translate(
      [
        write([choice(0, { ...role, content: 'a' })]),
        write([choice(0, { content: 'b' }), choice(1, { content: 'c' })]),
        write([choice(0, {}, 'stop')]),
      ],
      { n: 2 },
    );
    expect(chunks[1]?.choices.map(({ delta }) => delta)).toEqual([{ content: 'b' }, { ...role, content: 'c' }]);
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
  });
});

describe('a clean stream', () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each([
    ['names first', (delta: object) => chunk(delta)],
    ['choices first', (delta: object) => ({ choices: [{ delta, finish_reason: null, index: 0 }], ...names })],
    ['with obfuscation', (delta: object) => ({ ...chunk(delta), obfuscation: String(JSON.stringify(delta).length) })],
  ])('is parsed only at its start: %s', (_what, write) => {
    const deltas = ['a "finish_reason":"stop" \\', 'b', '"usage":{', '"content":['].map((content) => ({ content }));
    const pieces = [{ index: 0, function: { arguments: '{"name":' } }].map((piece) => ({ tool_calls: [piece] }));
    const texts = [{ ...role, content: '' }, ...deltas].map((delta) => JSON.stringify(write(delta)));
    const call = JSON.stringify(
      write({ tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] }),
    );
    const more = pieces.map((delta) => JSON.stringify(write(delta)));
    const parse = vi.spyOn(JSON, 'parse');
    const translator = opened({});
    const all = [...texts, call, ...more];
    expect(all.map((data) => translator.push({ data }))).toEqual(all.map((data) => `data: ${data}\n\n`));
    // The first, and the one that begins a call.
    expect(parse).toHaveBeenCalledTimes(2);
  });
});

describe('a whole answer', () => {
  const whole = (message: object, more: object = {}, head: object = {}): Record<string, unknown> => {
    const text = JSON.stringify({ choices: [{ message, ...more }], ...head });
    const result = adapter.translateWhole(text, {}, plan({ stream: false }));
    return result.kind === 'failed'
      ? { failure: result.failure }
      : (JSON.parse(result.text) as Record<string, unknown>);
  };

  it("has all of OpenAI's members", () => {
    expect(whole({ content: 'a' })).toEqual({
      id: 'chatcmpl-request',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'upstream-model',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'a', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
    });
  });

  it.each<[string, object, object]>([
    [
      'parts',
      {
        content: [
          { type: 'thinking', thinking: 'hm' },
          { type: 'text', text: 'a' },
        ],
      },
      { content: 'a', reasoning_content: 'hm' },
    ],
    ['reasoning', { content: 'a', reasoning: 'hm' }, { content: 'a', reasoning_content: 'hm' }],
    ['an empty list of calls', { content: 'a', tool_calls: [] }, { content: 'a' }],
    [
      'calls without id, type or arguments',
      { tool_calls: [{ function: { name: 'f' } }, { id: 'x', function: { name: 'g', arguments: { y: 1 } } }] },
      {
        content: null,
        tool_calls: [
          { id: 'call_request_0', type: 'function', function: { name: 'f', arguments: '{}' } },
          { id: 'x', type: 'function', function: { name: 'g', arguments: '{"y":1}' } },
        ],
      },
    ],
  ])('is corrected: %s', (_what, message, wanted) => {
    const { choices } = whole(message) as { choices: readonly { message: object }[] };
    expect(choices[0]?.message).toEqual({ role: 'assistant', refusal: null, ...wanted });
  });

  it('fails if its finish reason is an error', () => {
    expect(whole({ content: 'a' }, { finish_reason: 'error' })).toMatchObject({ failure: { kind: 'server' } });
    const error = { code: 429, message: 'slow down' };
    expect(whole({ content: '' }, { error, finish_reason: 'error' })).toMatchObject({
      failure: { kind: 'rate_limit' },
    });
    expect(whole({}, {}, { object: 'error', message: 'x', code: 429 })).toMatchObject({
      failure: { kind: 'rate_limit' },
    });
  });
});
