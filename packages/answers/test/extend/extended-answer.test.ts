import { createResumedAnswer, extendStream, extendWhole, isExtensible, withAnswerSoFar } from '@sluice/answers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

type Fields = Readonly<Record<string, unknown>>;
interface Chunk {
  readonly id?: string;
  readonly choices: readonly {
    readonly delta: Fields & { readonly content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: Fields | null;
}

const sse = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: Fields, reason: string | null = null, more: Fields = {}, id = 'a'): string =>
  sse({ id, choices: [{ index: 0, delta, finish_reason: reason }], ...more });
const spent = (prompt: number, completion: number, reasoning = 0) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  completion_tokens_details: { reasoning_tokens: reasoning },
});
const usage = (counts: object, id = 'a'): string => sse({ id, choices: [], usage: counts });
const chunksOf = (stream: string): Chunk[] =>
  stream
    .split('\n\n')
    .filter((text) => text !== '')
    .map((event) => JSON.parse(event.slice('data: '.length)) as Chunk);
const textOf = (stream: string): string =>
  chunksOf(stream)
    .flatMap(({ choices }) => choices)
    .map(({ delta }) => delta.content ?? '')
    .join('');
const endsOf = (stream: string): string[] =>
  chunksOf(stream).flatMap(({ choices }) => choices.flatMap(({ finish_reason: reason }) => reason ?? []));

describe('joined streams', () => {
  it('pass on everything except their end, which is held back', () => {
    const join = extendStream(undefined);
    const text = chunk({ role: 'assistant', content: 'Hel' }) + chunk({ content: 'lo' });
    expect(join.take(text)).toBe(text);
    expect(join.take(chunk({}, 'length') + usage(spent(5, 2)))).toBe('');
    expect(join.endCall(spent(5, 2))).toEqual({
      id: 'a',
      created: undefined,
      content: 'Hello',
      reasoning: '',
      chunks: 2,
    });
    const end = join.close();
    expect(endsOf(end)).toEqual(['length']);
    expect(chunksOf(end).at(-1)?.usage).toEqual(spent(5, 2));
    expect(join.close()).toBe('');
  });

  it('with another end pass unchanged', () => {
    const join = extendStream(undefined);
    const all = chunk({ content: 'Hello' }) + chunk({}, 'stop') + usage(spent(5, 2));
    expect(join.take(all)).toBe(all);
    join.endCall(spent(5, 2));
    expect(join.close()).toBe('');
  });

  it('have one end, and one usage over all attempts', () => {
    const join = extendStream(undefined);
    join.take(chunk({ content: 'One ' }) + chunk({}, 'length') + usage(spent(5, 2, 1)));
    join.endCall(spent(5, 2, 1));
    const next = join.take(chunk({ content: 'two' }) + chunk({}, 'stop') + usage(spent(7, 3, 2)));
    expect(textOf(next)).toBe('two');
    expect(endsOf(next)).toEqual(['stop']);
    expect(chunksOf(next).at(-1)?.usage).toEqual(spent(12, 5, 3));
    join.endCall(spent(7, 3, 2));
    expect(join.close()).toBe('');
    expect(join.usage).toEqual(spent(12, 5, 3));
  });

  it('end at the limit of the previous attempt when one fails, even after text', () => {
    const join = extendStream(undefined);
    join.take(chunk({ content: 'One ' }) + chunk({}, 'length', { usage: spent(5, 2) }));
    join.endCall(spent(5, 2));
    expect(textOf(join.take(chunk({ content: 'tw' })))).toBe('tw');
    const [end, ...others] = chunksOf(join.close());
    expect(end).toMatchObject({ choices: [{ finish_reason: 'length', delta: {} }], usage: spent(5, 2) });
    expect(others).toEqual([]);
  });

  it('keep text that comes with the end', () => {
    const join = extendStream(undefined);
    const passed = join.take(chunk({ content: 'Hello' }, 'length', { usage: spent(5, 2) }));
    expect(chunksOf(passed)).toEqual(chunksOf(chunk({ content: 'Hello' })));
    expect(join.endCall(spent(5, 2))?.content).toBe('Hello');
    expect(chunksOf(join.close())).toEqual(chunksOf(chunk({}, 'length', { usage: spent(5, 2) })));
  });

  it.each<Fields>([{}, { content: '' }, { role: 'assistant', content: null }, { content: '', tool_calls: [] }])(
    'pass on nothing of an end without content: %j',
    (delta) => {
      const join = extendStream(undefined);
      join.take(chunk({ content: 'Hello' }));
      expect(join.take(chunk(delta, 'length'))).toBe('');
    },
  );

  it('count usage reported in the middle too', () => {
    const join = extendStream(undefined);
    join.take(chunk({ content: 'One ' }) + chunk({}, 'length'));
    join.endCall(spent(5, 2));
    expect(chunksOf(join.take(chunk({ content: 'two' }, null, { usage: spent(7, 1) })))[0]?.usage).toEqual(
      spent(12, 3),
    );
  });

  it.each([
    ['a tool is called', [chunk({ content: 'Let me see' }), chunk({ tool_calls: [{ index: 0 }] })]],
    ['there is only reasoning', [chunk({ reasoning_content: 'hm' })]],
    ['there is no content', [chunk({ role: 'assistant', content: '' })]],
  ])('cannot be extended if %s', (_name, events) => {
    const join = extendStream(undefined);
    for (const event of events) join.take(event);
    join.take(chunk({}, 'length'));
    expect(join.endCall(undefined)).toBeUndefined();
    expect(endsOf(join.close())).toEqual(['length']);
  });

  it('start where an answer broke off', () => {
    const before = { id: 'first', created: 1, content: 'Hel', reasoning: 'hm', chunks: 4 };
    const join = extendStream(before);
    join.take(chunk({ content: 'lo' }) + chunk({}, 'length'));
    expect(join.endCall(undefined)).toEqual({ ...before, content: 'Hello', chunks: 5 });
  });

  it('form one answer with one id, for every split into attempts and pieces', () => {
    const call = fc.record({
      texts: fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }),
      size: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 5 }), (calls) => {
        const join = extendStream(undefined);
        let out = '';
        let soFar: ReturnType<typeof join.endCall>;
        for (const [at, { texts, size }] of calls.entries()) {
          const name = `answer-${at}`;
          const isLast = at === calls.length - 1;
          const resumed = soFar === undefined ? undefined : createResumedAnswer(soFar, 'continue');
          const events = [
            chunk({ role: 'assistant', content: '' }, null, {}, name),
            ...texts.map((content) => chunk({ content }, null, {}, name)),
            chunk({}, isLast ? 'stop' : 'length', {}, name),
            usage(spent(1, texts.length), name),
          ].map((event) => resumed?.push(event) ?? event);
          for (let from = 0; from < events.length; from += size)
            out += join.take(events.slice(from, from + size).join(''));
          soFar = join.endCall(spent(1, texts.length));
        }
        out += join.close();
        const texts = calls.flatMap((each) => each.texts);
        expect(textOf(out)).toBe(texts.join(''));
        expect(endsOf(out)).toEqual(['stop']);
        expect(new Set(chunksOf(out).map(({ id }) => id))).toEqual(new Set(['answer-0']));
        expect(chunksOf(out).filter(({ choices }) => choices[0]?.delta['role'] !== undefined)).toHaveLength(1);
        expect(chunksOf(out).flatMap((each) => each.usage ?? [])).toEqual([spent(calls.length, texts.length)]);
      }),
    );
  });
});

describe('joined whole answers', () => {
  const whole = (message: Fields, reason: string, counts: object, id = 'a'): string =>
    JSON.stringify({
      id,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: reason }],
      usage: counts,
    });

  it('stay unchanged if there is only one, byte for byte', () => {
    const join = extendWhole();
    const text = whole({ content: 'Hello' }, 'stop', spent(5, 2));
    expect(join.take(text.slice(0, 20)) + join.take(text.slice(20))).toBe('');
    join.endCall(spent(5, 2));
    expect(join.close()).toBe(text);
  });

  it('become one text with one id, the last finish reason and the sum of all usage', () => {
    const join = extendWhole();
    join.take(whole({ role: 'assistant', content: 'One ', reasoning_content: 'hm' }, 'length', spent(5, 2, 1)));
    expect(join.endCall(spent(5, 2, 1))).toMatchObject({ id: 'a', content: 'One ', reasoning: 'hm' });
    join.take(
      whole(
        { role: 'assistant', content: 'two', reasoning_content: 'hm hm', refusal: null },
        'stop',
        spent(7, 3, 2),
        'b',
      ),
    );
    join.endCall(spent(7, 3, 2));
    expect(JSON.parse(join.close())).toEqual(
      JSON.parse(whole({ role: 'assistant', content: 'One two', reasoning_content: 'hm' }, 'stop', spent(12, 5, 3))),
    );
  });

  it('accept a tool call, and cannot be extended after it', () => {
    const join = extendWhole();
    join.take(whole({ content: 'One' }, 'length', spent(1, 1)));
    join.endCall(spent(1, 1));
    join.take(whole({ content: null, tool_calls: [{ id: 'c' }] }, 'tool_calls', spent(1, 1)));
    expect(join.endCall(spent(1, 1))).toBeUndefined();
    expect(JSON.parse(join.close())).toMatchObject({
      choices: [{ message: { content: 'One', tool_calls: [{ id: 'c' }] }, finish_reason: 'tool_calls' }],
    });
  });

  it('keep the successful part when an attempt fails', () => {
    const join = extendWhole();
    const text = whole({ content: 'One' }, 'length', spent(1, 1));
    join.take(text);
    join.endCall(spent(1, 1));
    expect(join.close()).toBe(text);
  });
});

describe('a request for an extension', () => {
  const body = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] };

  it('has the full length limit, and an instruction if the server cannot continue a message', () => {
    expect(withAnswerSoFar(body, 'Hello', 'assistant')).toEqual({
      ...body,
      messages: [...body.messages, { role: 'assistant', content: 'Hello' }],
    });
    const asked = withAnswerSoFar(body, 'Hello', 'none')['messages'] as Fields[];
    expect(asked.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(asked.at(-1)?.['content']).toMatch(/^Continue .* exactly where it stopped/);
  });

  it.each([
    [{}, true],
    [{ n: 1, response_format: { type: 'text' } }, true],
    [{ n: 2 }, false],
    [{ logprobs: true }, false],
    [{ response_format: { type: 'json_object' } }, false],
    [{ response_format: { type: 'json_schema', json_schema: { name: 'x' } } }, false],
  ])('is possible for a single text only: %j', (fields, expected) => {
    expect(isExtensible(fields)).toBe(expected);
  });
});
