import { type CallPlan, providers, type StreamTranslator } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers['zai-web'].create({ signing_variant: 'none' });
const translator = (over: Partial<CallPlan> = {}): StreamTranslator =>
  adapter.translateStream({ stream_options: { include_usage: true } }, plan(over));

type Update = Readonly<Record<string, unknown>>;
type Delta = Readonly<Record<string, string>>;
const event = (data: Update): { data: string } => ({ data: JSON.stringify({ type: 'chat:completion', data }) });
const end = event({ phase: 'done', done: true });
const sentinel = { data: '[DONE]' };

interface Read {
  readonly reasoning: string;
  readonly content: string;
  readonly deltas: readonly Delta[];
  readonly usage: unknown;
  readonly state: StreamTranslator['state'];
}

function read(events: readonly { readonly data: string }[], over: Partial<CallPlan> = {}): Read {
  const stream = translator(over);
  const sse = events.map((each) => stream.push(each)).join('') + stream.end();
  const chunks = sse
    .split('\n\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text.replace('data: ', '')) as { choices: { delta: Delta }[]; usage?: unknown });
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
  const join = (field: string): string => deltas.map((delta) => delta[field] ?? '').join('');
  return {
    reasoning: join('reasoning_content'),
    content: join('content'),
    deltas,
    usage: chunks.findLast(({ usage }) => usage !== undefined)?.usage,
    state: stream.state,
  };
}

const opening = '<details type="reasoning" done="false">\n> Greet';
const closing = 'true" duration="1">\n<summary>Thought for 1 seconds</summary>\n> Greet the user 🙂.\n</details>\nHel';
const wrapped = [
  event({ delta_content: opening, phase: 'thinking' }),
  event({ delta_content: ' the user 🙂.', phase: 'thinking' }),
  event({ edit_index: 32, edit_content: closing, phase: 'answer' }),
  event({ delta_content: 'lo wrold', phase: 'answer' }),
  event({ edit_index: 131, edit_content: 'world!', phase: 'other' }),
];
const usage = { prompt_tokens: 6, completion_tokens: 210, total_tokens: 216, prompt_tokens_details: {} };

describe('a wrapped answer', () => {
  it('is sent without its markup, and repeated text is sent once', verifies('000-17'), () => {
    const answer = read([...wrapped, end, sentinel]);
    expect(answer).toMatchObject({ reasoning: 'Greet the user 🙂.', content: 'Hello world!' });
    expect(answer.state).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
    const names = answer.deltas.flatMap((delta) => Object.keys(delta));
    const places = names.filter((name) => name === 'content' || name === 'reasoning_content');
    expect(places.lastIndexOf('reasoning_content')).toBeLessThan(places.indexOf('content'));
  });

  it('has its reasoning as it arrives', () => {
    const stream = translator();
    expect(wrapped.slice(0, 2).map((each) => stream.push(each))).toEqual([
      expect.stringContaining('"reasoning_content":"Greet"'),
      expect.stringContaining('"reasoning_content":" the user 🙂."'),
    ]);
  });

  it.each([1, 2, 3, 5, 8, 13])('is equal in pieces of %i', (size) => {
    const text = '<details type="reasoning" done="false">\n> One 🙂 <b> a > b\n>\n> two </p>\n';
    const tail = '</details>\n\nThe answer < 5 is: <glm 😀 and a long enough tail to be held back.\nLast > line';
    const cut = (whole: string, phase: string) =>
      (whole.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).map((piece) => event({ delta_content: piece, phase }));
    const answer = read([...cut(text, 'thinking'), ...cut(tail, 'answer'), end]);
    expect(answer.reasoning).toBe('One 🙂 <b> a > b\n\ntwo </p>');
    expect(answer.content).toBe(tail.replace('</details>\n\n', ''));
    expect(answer.deltas.every((delta) => Object.values(delta).every((text) => text.isWellFormed()))).toBe(true);
  });

  it('keeps spaces at the ends of pieces', () => {
    const pieces = [
      '<details type="reasoning" done="false">\n> the',
      ' user',
      ' \n> is',
      ' here\n',
      '</details>\n',
      'a ',
      'b',
    ];
    const answer = read([...pieces.map((piece) => event({ delta_content: piece, phase: 'thinking' })), end]);
    expect(answer).toMatchObject({ reasoning: 'the user \nis here', content: 'a b' });
  });

  it('keeps its markup if configured', verifies('001-39'), () => {
    const answer = read([...wrapped, end], { keepsThinkingMarkup: true });
    expect(answer.reasoning).toBe('');
    expect(answer.content).toBe(
      '<details type="reasoning" done="true" duration="1">\n<summary>Thought for 1 seconds</summary>\n> Greet the user 🙂.\n</details>\nHello world!',
    );
    const open = read([...wrapped.slice(0, 2), end], { keepsThinkingMarkup: true });
    expect(open.content).toBe(`${opening} the user 🙂.`);
  });

  it('accepts no reasoning after its end', () => {
    const later = event({ edit_index: 32, edit_content: closing.replace('🙂.', '🙂, twice.'), phase: 'answer' });
    expect(read([...wrapped.slice(0, 3), later, end])).toMatchObject({
      reasoning: 'Greet the user 🙂.',
      content: 'Hel',
    });
  });

  it('continues after the common prefix if an edit comes too late', () => {
    const long = 'x'.repeat(100);
    const answer = read([
      event({ delta_content: '<details type="reasoning" done="true">\n> t\n</details>\n', phase: 'thinking' }),
      event({ delta_content: long, phase: 'answer' }),
      event({ edit_index: 55 + 10, edit_content: 'new', phase: 'other' }),
      end,
    ]);
    expect(answer).toMatchObject({ reasoning: 't' });
    expect(answer.content.startsWith('x'.repeat(76))).toBe(true);
    expect(answer.content.endsWith('new')).toBe(true);
  });
});

describe('a plain answer', () => {
  it('has its reasoning by phase', () => {
    const answer = read([
      event({ delta_content: 'Let me', phase: 'thinking' }),
      event({ delta_content: ' think', phase: 'thinking' }),
      event({ delta_content: 'Hello, this is more than four and twenty', phase: 'answer' }),
      event({ phase: 'other', usage }),
      event({ delta_content: ' tail', phase: 'answer' }),
      event({ phase: 'done', done: true, delta_content: '!' }),
      sentinel,
    ]);
    expect(answer).toMatchObject({
      reasoning: 'Let me think',
      content: 'Hello, this is more than four and twenty tail!',
      usage,
    });
    expect(answer.state).toMatchObject({ kind: 'complete', summary: { usage } });
  });

  it('applies edits to the text of the answer', () => {
    const answer = read([
      event({ delta_content: 'hm', phase: 'thinking' }),
      event({ delta_content: 'Hello wrold', phase: 'answer' }),
      event({ edit_index: 6, edit_content: 'world', phase: 'other' }),
      event({ edit_index: 99, edit_content: '!', phase: 'other' }),
      end,
    ]);
    expect(answer).toMatchObject({ reasoning: 'hm', content: 'Hello world!' });
    expect(
      read([event({ delta_content: 'a', phase: 'answer' }), event({ content: 'b', phase: 'answer' }), end]).content,
    ).toBe('b');
  });

  it.each(['<', '<det', 'a <details> b', '<glm', 'x </details>'])('may begin with %j', (text) => {
    const events = text.split('').map((piece) => event({ delta_content: piece, phase: 'answer' }));
    expect(read([...events, end])).toMatchObject({ content: text, reasoning: '' });
  });
});

describe("output of the backend's own tools", () => {
  const block = '<glm_block view="x">{"type":"mcp","data":{"metadata":{"id":"c","name":"search"}}}</glm_block>';

  it('is not part of a wrapped answer', () => {
    const answer = read([
      event({ delta_content: '<details type="reasoning" done="false">\n> look\n</details>\n', phase: 'thinking' }),
      event({ delta_content: block.slice(0, 30), phase: 'tool_call' }),
      event({ delta_content: block.slice(30), phase: 'tool_call' }),
      event({ delta_content: 'Found.', phase: 'answer' }),
      end,
    ]);
    expect(answer).toMatchObject({ reasoning: 'look', content: 'Found.' });
  });

  it('is not part of a plain one, even if it never ends', () => {
    const answer = read([
      event({ delta_content: 'look', phase: 'thinking' }),
      event({ edit_index: 0, edit_content: block, phase: 'tool_call' }),
      event({ delta_content: `A${block}B<glm_block {"a":`, phase: 'other' }),
      event({ delta_content: ' C', phase: 'answer' }),
      end,
    ]);
    expect(answer).toMatchObject({ reasoning: 'look', content: 'AB C' });
  });

  it('may come before everything else', () => {
    const answer = read([
      event({ delta_content: block, phase: 'tool_call' }),
      event({ delta_content: '\n<details type="reasoning" done="false">\n> t\n</details>\nA', phase: 'thinking' }),
      end,
    ]);
    expect(answer).toMatchObject({ reasoning: 't', content: 'A' });
  });
});

describe('the end of a stream', () => {
  const text = event({ delta_content: 'Hello', phase: 'answer' });

  it.each<[string, readonly { data: string }[]]>([
    ['only done', [end]],
    ['[DONE]', [sentinel]],
    ['[DONE] in JSON', [{ data: '{"data":"[DONE]"}' }]],
    ['all of them', [end, { data: '{"data":"[DONE]"}' }, sentinel]],
  ])('is %s', (_what, events) => {
    expect(read([text, ...events])).toMatchObject({ content: 'Hello', state: { kind: 'complete' } });
  });

  it('is missing in a truncated answer, with or without usage', () => {
    const state = { kind: 'failed', failure: { kind: 'truncated' } };
    expect(read([text]).state).toMatchObject(state);
    expect(read([text, event({ phase: 'other', usage })]).state).toMatchObject(state);
  });

  it.each(['ping', '<html>', '{"type":"chat:'])('fails with an event such as %s', (data) => {
    expect(read([text, { data }, end]).state).toMatchObject({ kind: 'failed', failure: { kind: 'malformed' } });
  });

  it('inside an event is a malformed answer', () => {
    expect(read([text, { data: '{"type":"chat:' }]).state).toMatchObject({
      kind: 'failed',
      failure: { kind: 'malformed' },
    });
  });
});
