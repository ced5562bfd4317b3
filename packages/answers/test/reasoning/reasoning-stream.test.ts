import { createReasoningStream } from '@sluice/answers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

type Delta = Readonly<Record<string, unknown>>;

const sse = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: Delta, finishReason: string | null = null, index = 0): string =>
  sse({ id: 'a', created: 1, model: 'm', choices: [{ index, delta, finish_reason: finishReason }] });
const usage = sse({
  id: 'a',
  choices: [],
  usage: {
    prompt_tokens: 1,
    completion_tokens: 2,
    total_tokens: 3,
    completion_tokens_details: { reasoning_tokens: 1 },
  },
});

interface Read {
  content: string;
  finishes: number;
  readonly deltas: Delta[];
}

/** Returns the chunks as objects, so that the order of their members does not matter. */
const chunksOf = (stream: string): unknown[] =>
  stream
    .split('\n\n')
    .filter((text) => text !== '')
    .map((event) => JSON.parse(event.slice('data: '.length)) as unknown);

/** Returns the text that a client assembles, by choice. */
function read(stream: string): Map<number, Read> {
  const choices = new Map<number, Read>();
  for (const event of stream.split('\n\n').filter((text) => text !== '')) {
    const parsed = JSON.parse(event.slice('data: '.length)) as {
      choices: { index: number; delta: Delta; finish_reason: string | null }[];
    };
    for (const { index, delta, finish_reason: reason } of parsed.choices) {
      const known = choices.get(index) ?? { content: '', finishes: 0, deltas: [] };
      known.content += typeof delta['content'] === 'string' ? delta['content'] : '';
      known.finishes += reason === null ? 0 : 1;
      known.deltas.push(delta);
      choices.set(index, known);
    }
  }
  return choices;
}

function run(mode: 'think' | 'strip', pieces: readonly string[]): string {
  const stream = createReasoningStream(mode);
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end();
}

const contentOf = (stream: string, index = 0): string | undefined => read(stream).get(index)?.content;
const toolCall = { tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] };

describe('reasoning between tags', () => {
  it('comes before the content, which starts right after it', () => {
    const out = run('think', [
      chunk({ role: 'assistant', content: '', reasoning_content: 'Well' }),
      chunk({ reasoning_content: ', so' }),
      chunk({ content: 'Hello' }),
      chunk({ content: ' you' }),
      chunk({}, 'stop'),
    ]);
    expect(contentOf(out)).toBe('<think>Well, so</think>Hello you');
    expect(out).not.toContain('reasoning');
    expect(read(out).get(0)?.deltas[0]).toEqual({ role: 'assistant', content: '<think>Well' });
  });

  it('leaves all other events unchanged, byte for byte', () => {
    const odd = 'data: { "choices": [ {"delta":{"content":"x", "reasoning_content":null},"finish_reason":null}] }\n\n';
    const quoted = chunk({ content: 'say "reasoning_content": "x"' });
    const reasoning = chunk({ reasoning_content: 'hm' });
    const stream = createReasoningStream('think');
    expect(stream.push(odd + quoted)).toBe(odd + quoted);
    stream.push(reasoning);
    stream.push(chunk({ content: 'A' }));
    expect(stream.push(odd + chunk({}, 'stop') + usage)).toBe(odd + chunk({}, 'stop') + usage);
  });

  it.each([
    ['a tool call', chunk(toolCall)],
    ['a refusal', chunk({ refusal: 'No.' })],
    ['the end', chunk({}, 'length')],
  ])('is closed in a separate chunk before %s', (_name, next) => {
    const stream = createReasoningStream('think');
    stream.push(chunk({ reasoning_content: 'hm' }));
    const out = stream.push(next);
    expect(chunksOf(out)).toEqual(chunksOf(chunk({ content: '</think>' }) + next));
    expect(out.endsWith(next)).toBe(true);
    expect(stream.end()).toBe('');
  });

  it('is closed in a chunk with its last part and content', () => {
    expect(contentOf(run('think', [chunk({ reasoning_content: 'hm', content: 'Hello' })]))).toBe(
      '<think>hm</think>Hello',
    );
  });

  it('opens a new tag when the model reasons again', () => {
    const out = run('think', [
      chunk({ reasoning_content: 'a' }),
      chunk({ content: 'B' }),
      chunk({ reasoning_content: 'c' }),
      chunk({ content: 'D' }),
    ]);
    expect(contentOf(out)).toBe('<think>a</think>B<think>c</think>D');
  });

  it('is closed at the end of an answer without content, and not earlier', () => {
    const stream = createReasoningStream('think');
    expect(contentOf(stream.push(chunk({ reasoning_content: 'hm' })))).toBe('<think>hm');
    expect(contentOf(stream.end())).toBe('</think>');
  });

  it('comes before content in parts', () => {
    const out = run('think', [chunk({ reasoning_content: 'hm', content: [{ type: 'text', text: 'Hello' }] })]);
    expect(read(out).get(0)?.deltas[0]?.['content']).toEqual([
      { type: 'text', text: '<think>hm</think>' },
      { type: 'text', text: 'Hello' },
    ]);
  });

  it('is accepted under the names of other servers', () => {
    const out = run('think', [
      chunk({ content: '', reasoning: 'hm', reasoning_details: [{ type: 'reasoning.text', text: 'hm' }] }),
      chunk({ content: 'Hello' }),
    ]);
    expect(contentOf(out)).toBe('<think>hm</think>Hello');
    expect(out).not.toContain('reasoning');
  });

  it('passes on events that are not chunks', () => {
    const stream = createReasoningStream('think');
    stream.push(chunk({ reasoning_content: 'hm' }));
    expect(stream.push('data: {"odd":1}\n\n')).toBe('data: {"odd":1}\n\n');
  });
});

describe('stripped reasoning', () => {
  it('leaves only the role', () => {
    const stream = createReasoningStream('strip');
    expect(chunksOf(stream.push(chunk({ role: 'assistant', reasoning_content: 'a' })))).toEqual(
      chunksOf(chunk({ role: 'assistant', content: '' })),
    );
    expect(stream.push(chunk({ role: 'assistant', content: '', reasoning_content: 'b' }))).toBe('');
    expect(stream.push(chunk({ reasoning_content: 'c' }))).toBe('');
    expect(stream.push(chunk({ content: 'Hello' }))).toBe(chunk({ content: 'Hello' }));
    expect(stream.push(chunk({}, 'stop') + usage)).toBe(chunk({}, 'stop') + usage);
    expect(stream.end()).toBe('');
  });

  it('leaves the other content of the same chunk', () => {
    const out = run('strip', [
      chunk({ reasoning_content: 'a', ...toolCall }),
      chunk({ reasoning_content: 'b' }, 'stop'),
    ]);
    expect(chunksOf(out)).toEqual(chunksOf(chunk(toolCall) + chunk({}, 'stop')));
    const counted = run('strip', [
      sse({
        choices: [{ delta: { reasoning: 'x' } }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }),
    ]);
    expect(counted).toContain('"choices":[]');
  });
});

describe('every order of reasoning and content', () => {
  const part = fc.record({
    kind: fc.constantFrom('reasoning', 'word', 'both', 'nothing', 'null'),
    index: fc.nat({ max: 2 }),
    text: fc.string({ minLength: 1, maxLength: 6 }),
  });

  const deltas = {
    reasoning: (text: string) => ({ reasoning_content: text }),
    word: (text: string) => ({ content: text }),
    both: (text: string) => ({ reasoning_content: text, content: text }),
    nothing: () => ({ content: '' }),
    null: (text: string) => ({ content: text, reasoning_content: null }),
  } as const;

  it('keeps the choices apart and closes each tag', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.integer({ min: 1, max: 4 })), (parts, sizes) => {
        const events = parts.map(({ kind, index, text }) => chunk(deltas[kind](text), null, index));
        const indexes = [...new Set(parts.map(({ index }) => index))];
        events.push(...indexes.map((index) => chunk({}, 'stop', index)));
        const pieces: string[] = [];
        for (let at = 0, turn = 0; at < events.length; turn++) {
          const size = sizes[turn] ?? 1;
          pieces.push(events.slice(at, at + size).join(''));
          at += size;
        }
        const [tagged, stripped] = [read(run('think', pieces)), read(run('strip', pieces))];
        for (const index of indexes) {
          let expected = '';
          let words = '';
          let isThinking = false;
          for (const { kind, text } of parts.filter((each) => each.index === index)) {
            const { reasoning_content: reasoning, content } = deltas[kind](text) as Record<string, string | null>;
            if (reasoning) expected += (isThinking ? '' : '<think>') + reasoning;
            isThinking ||= Boolean(reasoning);
            if (content && isThinking) expected += '</think>';
            if (content) isThinking = false;
            expected += content ?? '';
            words += content ?? '';
          }
          expect(tagged.get(index)).toMatchObject({ content: expected + (isThinking ? '</think>' : ''), finishes: 1 });
          expect(stripped.get(index)).toMatchObject({ content: words, finishes: 1 });
        }
      }),
    );
  });
});
