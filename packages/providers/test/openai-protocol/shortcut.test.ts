import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createShortcut, type Shortcut } from '../../src/openai-protocol/shortcut.ts';

const head = '"id":"c","object":"chat.completion.chunk","created":1,"model":"m"';

/** Writes a chunk in OpenAI's order of members. */
const chunk = (delta: string, { reason = 'null', index = 0, more = '' } = {}): string =>
  `{${head},"choices":[{"index":${index},"delta":{${delta}},"finish_reason":${reason}}]${more}}`;

/** Writes a chunk whose choices come first. */
const turned = (delta: string): string => `{"choices":[{"delta":{${delta}},"finish_reason":null,"index":0}],${head}}`;

function opened(by: string): Shortcut {
  const shortcut = createShortcut();
  shortcut.open(by);
  return shortcut;
}

const first = '"role":"assistant","content":""';

describe('a chunk after a clean one', () => {
  it.each([
    ['text', '"content":"a"'],
    ['text with quoted signs of an error', String.raw`"content":"\"error\":\"finish_reason\":\"stop\""`],
    ['reasoning', '"reasoning_content":"a"'],
    ['a piece of arguments', String.raw`"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]`],
    ['a long text', `"content":"${'a'.repeat(10_000)}"`],
  ])('passes with %s', (_what, delta) => {
    expect(opened(chunk(first)).pass(chunk(delta))).toBe(chunk(delta));
    expect(opened(turned(first)).pass(turned(delta))).toBe(turned(delta));
  });

  it.each([
    ['an empty text', '"content":""'],
    ['no text', '"content":null'],
    ['an empty delta', ''],
  ])('is dropped with %s', (_what, delta) => {
    expect(opened(chunk(first)).pass(chunk(delta))).toBe('');
    expect(opened(turned(first)).pass(turned(delta))).toBe('');
  });

  it('passes without its role', () => {
    expect(opened(chunk(first)).pass(chunk('"role":"assistant","content":"a"'))).toBe(chunk('"content":"a"'));
  });

  it.each([
    ['ends its choice', chunk('', { reason: '"stop"' })],
    ['begins a tool call', chunk('"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":""}}]')],
    ['has reasoning under another name', chunk('"reasoning":"a"')],
    ['has content in parts', chunk('"content":[{"type":"text","text":"a"}]')],
    ['has another role', chunk('"content":"a","role":"tool"')],
    ['has a usage', chunk('"content":"a"', { more: ',"usage":{"prompt_tokens":1}' })],
    ['has an error', chunk('"content":"a"', { more: ',"error":{}' })],
    ['belongs to another choice', chunk('"content":"a"', { index: 1 })],
    ['has two choices', chunk('"content":"a"},"finish_reason":null},{"index":1,"delta":{"content":"b"')],
    ['has another id', chunk('"content":"a"').replace('"c"', '"d"')],
    ['is cut', chunk('"content":"a"').slice(0, -1)],
    ['is nested too deeply', chunk(`"content":"a","x":${'['.repeat(600)}${']'.repeat(600)}`)],
    ['is the end of the stream', '[DONE]'],
  ])('is parsed if it %s', (_what, data) => {
    expect(opened(chunk(first)).pass(data)).toBeUndefined();
  });
});

describe('a shortcut', () => {
  it('lets nothing pass before it is opened, after it is closed, or if the frame is not clear', () => {
    const shortcut = createShortcut();
    const data = chunk('"content":"a"');
    expect(shortcut.pass(data)).toBeUndefined();
    shortcut.open(data);
    expect(shortcut.pass(data)).toBe(data);
    shortcut.close();
    expect(shortcut.pass(data)).toBeUndefined();
    shortcut.open('{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}');
    expect(shortcut.pass(data)).toBeUndefined();
  });

  it('follows the frame of the chunk that opened it last', () => {
    const shortcut = opened(chunk(first));
    shortcut.open(chunk(first, { index: 1 }));
    const [other, same] = [chunk('"content":"a"'), chunk('"content":"a"', { index: 1 })];
    expect([shortcut.pass(other), shortcut.pass(same)]).toEqual([undefined, same]);
  });

  it('lets the random letters differ with which OpenAI fills chunks', () => {
    const filled = (delta: string, letters: string): string => chunk(delta, { more: `,"obfuscation":"${letters}"` });
    const shortcut = opened(filled(first, 'abc'));
    expect(shortcut.pass(filled('"content":"a"', 'xy'))).toBe(filled('"content":"a"', 'xy'));
    expect(shortcut.pass(chunk('"content":"a"'))).toBeUndefined();
  });
});

describe('an event that passes as it is', () => {
  const event = (data: string): string => `data: ${data}\n\n`;
  const startOf = (text: string, by = chunk(first)) => opened(by).startOf(text);
  const none = { length: 0, events: 0 };

  it.each([
    ['text', chunk('"content":"a"')],
    ['a quote in its text', chunk(String.raw`"content":"\"\\\"},\"finish_reason\":\"stop\""`)],
    ['a backslash at the end of its text', chunk(String.raw`"content":"\\"`)],
    ['an empty logprobs', chunk('"content":"a"').replace('"finish', '"logprobs":null,"finish')],
  ])('has %s', (_what, data) => {
    const text = event(data);
    const rest = event(chunk('', { reason: '"stop"' }));
    expect(startOf(text + text + rest + text)).toEqual({ length: 2 * text.length, events: 2 });
  });

  it.each([
    ['ends elsewhere', event(chunk('"content":"a"')).slice(0, -1)],
    ['has an empty text', event(chunk('"content":""'))],
    ['has a role', event(chunk('"role":"assistant","content":"a"'))],
    ['has more than a text', event(chunk('"content":"a","reasoning_content":"b"'))],
    ['has another member', event(chunk('"content":"a"', { more: ',"x":1' }))],
    ['has a line end in its text', event(chunk('"content":"a\ndata: b"'))],
    ['ends its choice', event(chunk('"content":"a"', { reason: '"stop"' }))],
    ['has a carriage return in its text', event(chunk('"content":"a\rdata: b"'))],
    ['has no end of its text', event(chunk('"content":"a')).replace('a"},', 'a')],
    ['has another field', `id: 1\n${event(chunk('"content":"a"'))}`],
  ])('is not one that %s', (_what, text) => {
    expect(startOf(text)).toEqual(none);
  });

  it('needs a shortcut that is open, in a frame whose delta follows the start', () => {
    const text = event(chunk('"content":"a"'));
    expect(createShortcut().startOf(text)).toEqual(none);
    expect(startOf(event(turned('"content":"a"')), turned(first))).toEqual(none);
    const closed = opened(chunk(first));
    closed.close();
    expect(closed.startOf(text)).toEqual(none);
  });

  it('passes by itself too, unchanged', () => {
    const parts = ['"', '\\', '"content":"', '},', '"finish_reason":null', '"delta":{', '\n', 'a', '"logprobs":null,'];
    const noise = fc.array(fc.constantFrom(...parts), { maxLength: 6 }).map((each) => each.join(''));
    fc.assert(
      fc.property(
        fc.oneof(
          noise,
          fc.string().map((text) => JSON.stringify(text).slice(1, -1)),
        ),
        (text) => {
          const data = chunk(`"content":"${text}"`);
          const passes = startOf(event(data)).events === 1;
          expect(passes ? opened(chunk(first)).pass(data) : data).toBe(data);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
