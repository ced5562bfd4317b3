import { createResumedAnswer, createTranscript, isContinuable, prefillStyles, withPrefill } from '@sluice/answers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Delta {
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly object[];
  readonly role?: string;
}

const sse = (chunk: object): string => `data: ${JSON.stringify(chunk)}\n\n`;
const chunk = (delta: Delta, more: object = {}): string =>
  sse({ id: 'first', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: null, ...more }] });
const finish = (reason = 'stop'): string => chunk({}, { finish_reason: reason });

/** Returns the text that a client assembles from a stream. */
function textOf(stream: string): { content: string; reasoning: string; finishes: number } {
  let content = '';
  let reasoning = '';
  let finishes = 0;
  for (const event of stream.split('\n\n').filter((text) => text !== '')) {
    const { choices } = JSON.parse(event.slice('data: '.length)) as {
      readonly choices: readonly { readonly delta: Delta; readonly finish_reason?: string | null }[];
    };
    content += choices[0]?.delta.content ?? '';
    reasoning += choices[0]?.delta.reasoning_content ?? '';
    if (choices[0]?.finish_reason) finishes += 1;
  }
  return { content, reasoning, finishes };
}

/** Cuts a text into deltas. */
const cut = (text: string, cuts: readonly number[]): string[] => {
  const places = [...new Set(cuts.map((at) => at % (text.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...places]
    .map((from, index) => text.slice(from, places[index] ?? text.length))
    .filter((part) => part !== '');
};

function delivered(pieces: readonly string[]): ReturnType<ReturnType<typeof createTranscript>['read']> {
  const transcript = createTranscript();
  for (const piece of pieces) transcript.add(piece);
  return transcript.read();
}

describe('a transcript', () => {
  it('holds the text of the client, for every way the events arrived', () => {
    const stream = [
      chunk({ role: 'assistant', content: '' }),
      chunk({ reasoning_content: 'hm ' }),
      chunk({ content: 'Hello' }) + chunk({ content: ' you' }),
    ];
    expect(delivered(stream)).toEqual({
      characters: 9,
      chunks: 3,
      reasoningChunks: 1,
      delivered: { id: 'first', created: 1, content: 'Hello you', reasoning: 'hm ', chunks: 3 },
    });
  });

  it('folds a long stream while it runs', () => {
    const pieces = Array.from({ length: 3000 }, (_, seq) => chunk({ content: `${seq} ` }));
    const { delivered: soFar, chunks } = delivered(pieces);
    expect(chunks).toBe(3000);
    expect(soFar?.content.endsWith(' 2998 2999 ')).toBe(true);
  });

  it.each([
    ['a tool call', chunk({ tool_calls: [{ index: 0, function: { arguments: '{' } }] })],
    ['a second choice', sse({ choices: [{ index: 1, delta: { content: 'x' } }] })],
    ['probabilities', chunk({ content: 'x' }, { logprobs: { content: [] } })],
    ['content in parts', sse({ choices: [{ index: 0, delta: { content: [{ type: 'text' }] } }] })],
    ['audio', sse({ choices: [{ index: 0, delta: { audio: { data: 'AA' } } }] })],
    ['an event that is not a chunk', 'data: nonsense\n\n'],
  ])('with %s has no state to resume from', (_, event) => {
    expect(delivered([chunk({ content: 'Hi' }), event]).delivered).toBeUndefined();
  });

  it('reports a finished answer', () => {
    expect(delivered([chunk({ content: 'Hi' }), finish('length')])).toMatchObject({ finishReason: 'length' });
  });
});

describe('a resumed answer', () => {
  const answers = fc.record({
    content: fc.string({ unit: 'binary', maxLength: 60 }),
    reasoning: fc.string({ maxLength: 20 }),
  });
  const cuts = fc.array(fc.nat(200), { maxLength: 8 });

  it('of a repeated answer returns exactly the missing part', () => {
    fc.assert(
      fc.property(answers, cuts, cuts, fc.nat(80), ({ content, reasoning }, first, second, brokenAt) => {
        const streamOf = (places: readonly number[]): string[] => [
          chunk({ role: 'assistant', content: '' }),
          ...cut(reasoning, places).map((text) => chunk({ reasoning_content: text })),
          ...cut(content, places).map((text) => chunk({ content: text })),
          finish(),
        ];
        const had = streamOf(first).slice(0, -1).slice(0, brokenAt);
        const soFar = delivered(had).delivered;
        if (soFar === undefined) throw new Error('not continuable');
        const resumed = createResumedAnswer(soFar, 'restart');
        const rest = streamOf(second).map((event) => resumed.push(event));
        expect(resumed.isDiverged).toBe(false);
        expect(textOf(had.join('') + rest.join(''))).toEqual({ content, reasoning, finishes: 1 });
      }),
    );
  });

  it('of a different answer passes on nothing that contradicts the delivered text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), cuts, (had, other, places) => {
        const resumed = createResumedAnswer({ content: had, reasoning: '', chunks: 1 }, 'restart');
        const rest = [...cut(other, places).map((text) => chunk({ content: text })), finish()]
          .map((event) => resumed.push(event))
          .join('');
        expect(resumed.isDiverged).toBe(!other.startsWith(had));
        if (resumed.isDiverged) expect(rest).toBe('');
        else expect(had + textOf(rest).content).toBe(other);
      }),
    );
  });

  it.each<[string, readonly string[], string]>([
    ['others', ['The user', ' asks'], 'The user wants aThe user asks'],
    ['fewer', ['The user'], 'The user wants a'],
    ['no', [], 'The user wants a'],
    ['more', ['The user wants a', ' story'], 'The user wants a story'],
  ])('accepts another answer if the client has only reasoning, and the answer has %s', (_what, reasoning, all) => {
    const had = chunk({ reasoning_content: 'The user wants a' });
    for (const end of [chunk({ content: 'Hi' }), chunk({ tool_calls: [{ index: 0 }] }), '']) {
      const resumed = createResumedAnswer({ content: '', reasoning: 'The user wants a', chunks: 1 }, 'restart');
      const rest = [...reasoning.map((text) => chunk({ reasoning_content: text })), end, finish()].map(resumed.push);
      expect(resumed.isDiverged).toBe(false);
      expect(textOf(had + rest.join(''))).toMatchObject({ reasoning: all, finishes: 1 });
    }
  });

  it('does not take an empty list for content that contradicts the delivered text', () => {
    const resumed = createResumedAnswer({ content: 'Hello', reasoning: '', chunks: 1 }, 'restart');
    const rest = ['Hel', 'lo you'].map((text) => resumed.push(chunk({ content: text, tool_calls: [] })));
    expect([resumed.isDiverged, textOf(rest.join('')).content]).toEqual([false, ' you']);
  });

  it('passes a continued answer without its new reasoning', () => {
    const resumed = createResumedAnswer(
      { id: 'first', created: 1, content: 'Hello', reasoning: 'hm', chunks: 2 },
      'continue',
    );
    const rest = [
      sse({
        id: 'second',
        created: 2,
        model: 'other',
        choices: [{ index: 0, delta: { role: 'assistant', content: '' } }],
      }),
      chunk({ reasoning_content: 'again' }),
      sse({ id: 'second', created: 2, model: 'other', choices: [{ index: 0, delta: { content: ' you' } }] }),
      finish(),
    ]
      .map((event) => resumed.push(event))
      .join('');
    expect(textOf(rest)).toEqual({ content: ' you', reasoning: '', finishes: 1 });
    expect(rest).toContain('"model":"other"');
    expect(rest).not.toContain('second');
  });

  it('treats a tool call in place of delivered text as another answer', () => {
    const resumed = createResumedAnswer({ content: 'Hello', reasoning: '', chunks: 1 }, 'restart');
    expect(resumed.push(chunk({ tool_calls: [{ index: 0 }] }))).toBe('');
    expect(resumed.isDiverged).toBe(true);
  });

  it('passes on the usage of the last attempt', () => {
    const resumed = createResumedAnswer({ content: 'a', reasoning: '', chunks: 1 }, 'continue');
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    expect(JSON.parse(resumed.push(sse({ choices: [], usage })).slice('data: '.length))).toMatchObject({ usage });
  });
});

describe('a prefill', () => {
  const soFar = { content: 'Hello', reasoning: '', chunks: 4 };
  const messages = [{ role: 'user' as const, content: 'hi' }];
  const body = { model: 'm', messages, max_tokens: 10, max_completion_tokens: 3 };

  it.each(prefillStyles)('of style %s ends with the delivered text, and keeps the remaining length', (style) => {
    const prefilled = withPrefill(body, soFar, style);
    expect(prefilled['messages']).toEqual([
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'Hello', ...(style === 'prefix' ? { prefix: true } : {}) },
    ]);
    expect(prefilled).toMatchObject({ max_tokens: 6, max_completion_tokens: 1 });
    expect(prefilled['continue_final_message']).toBe(style === 'continue_final_message' ? true : undefined);
  });
});

it.each([
  [{}, true],
  [{ n: 1, logprobs: false }, true],
  [{ n: null }, true],
  [{ n: 2 }, false],
  [{ logprobs: true }, false],
])('an answer to %j can be resumed: %s', (body, is) => {
  expect(isContinuable(body)).toBe(is);
});

describe('a resumed answer in mode continue', () => {
  const had = 'The quick brown fox jumps over the lazy dog, and then it sleeps in the sun. ';
  const rest = 'In the evening it wakes.';
  const resumeWith = (text: string, cuts: readonly number[], content = had, end = finish()) => {
    const resumed = createResumedAnswer({ content, reasoning: '', chunks: 1 }, 'continue');
    const events = [
      chunk({ role: 'assistant', content: '' }),
      ...cut(text, cuts).map((each) => chunk({ content: each })),
      end,
    ];
    const passed = events.map((event) => resumed.push(event)).join('');
    return { passed, isDiverged: resumed.isDiverged };
  };
  const cutsAnywhere = fc.array(fc.nat(200), { maxLength: 12 });

  it('returns the continuation, for every split', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.string({ maxLength: 60 }),
        cutsAnywhere,
        (before, text, cuts) => {
          // A text that starts like the answer is another case.
          fc.pre(before.length < 8 || !text.startsWith(before.slice(0, 40)));
          const { passed, isDiverged } = resumeWith(text, cuts, before);
          expect(isDiverged).toBe(false);
          expect(textOf(passed)).toMatchObject({ content: text, finishes: 1 });
        },
      ),
    );
  });

  it('returns the missing part if the server starts anew, for every split', () => {
    fc.assert(
      fc.property(cutsAnywhere, (cuts) => {
        const { passed, isDiverged } = resumeWith(had + rest, cuts);
        expect(isDiverged).toBe(false);
        expect(textOf(passed)).toMatchObject({ content: rest, finishes: 1 });
      }),
    );
  });

  it('returns a text that shares a few words with the start', () => {
    expect(textOf(resumeWith('The quick brown cat.', [3, 9]).passed).content).toBe('The quick brown cat.');
    expect(textOf(resumeWith('The quick', [3]).passed).content).toBe('The quick');
  });

  it('returns nothing of another answer that starts anew', () => {
    const other = `${had.slice(0, 50)}dances all night.`;
    expect(resumeWith(other, [10, 55])).toMatchObject({ isDiverged: true });
    expect(textOf(resumeWith(other, [10, 55]).passed).content).toBe('');
  });

  it('reports another answer if the server starts anew and ends too early', () => {
    expect(resumeWith(had.slice(0, 60), [20]).isDiverged).toBe(true);
  });

  it('returns the held-back text before a tool call', () => {
    const call = chunk({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '' } }] });
    const { passed } = resumeWith('The quick', [], had, call + finish('tool_calls'));
    expect(textOf(passed).content).toBe('The quick');
    expect(passed).toContain('"name":"f"');
  });
});
