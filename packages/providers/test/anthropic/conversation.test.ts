import { providers } from '@sluice/providers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.anthropic.create({});

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly tool_use_id?: string;
  readonly cache_control?: unknown;
  readonly [name: string]: unknown;
}
interface Sent {
  readonly system?: readonly Block[];
  readonly messages: readonly { readonly role: string; readonly content: readonly Block[] }[];
  readonly tools?: readonly Block[];
}

const send = (body: object): Sent => JSON.parse(String(adapter.toUpstream({ ...body }, plan()).body)) as Sent;
const messagesOf = (...messages: readonly object[]) => send({ messages }).messages;

const ephemeral = { cache_control: { type: 'ephemeral' } };
const user = (content: unknown, more: object = {}): object => ({ role: 'user', content, ...more });
const said = (content: unknown, more: object = {}): object => ({ role: 'assistant', content, ...more });
const toolCall = (id: string, more: object = {}): object => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: '{}' },
  ...more,
});
const call = (...ids: readonly string[]): object => said(null, { tool_calls: ids.map((id) => toolCall(id)) });
const result = (id: string, content: unknown, more: object = {}): object => ({
  role: 'tool',
  tool_call_id: id,
  content,
  ...more,
});

/** Short form of messages: texts as they are, calls as `c:id`, results as `r:id=text`. */
const shape = (...messages: readonly object[]): readonly string[] =>
  messagesOf(...messages).map(({ role, content }) => {
    const words = content.map((block) => {
      if (block.type === 'tool_use') return `c:${block.id}`;
      if (block.type !== 'tool_result') return block.text;
      const given = block['content'] as string | readonly Block[] | undefined;
      return `r:${block.tool_use_id}=${typeof given === 'string' ? given : (given?.[0]?.text ?? '')}`;
    });
    return `${role[0]} ${words.join(' | ')}`;
  });

describe("the order of Anthropic's messages", () => {
  it.each<[string, readonly object[], readonly string[]]>([
    [
      'uses the instructions as the question if there is no other message',
      [{ role: 'system', content: 'Judge this.' }],
      ['u Judge this.'],
    ],
    ['starts with a user message', [call('1'), result('1', 'x')], ['u .', 'a c:1', 'u r:1=x']],
    ['has a message even if all messages are blank', [user(' ')], ['u .']],
    ['omits empty messages', [user('a'), said(null), user('b'), said(''), user('c')], ['u a | b | c']],
    [
      'has results in the order of their calls, before later user messages',
      [user('go'), call('1', '2'), user('hurry'), result('2', 'b'), result('1', 'a')],
      ['u go', 'a c:1 | c:2', 'u r:1=a | r:2=b | hurry'],
    ],
    [
      'gives distinct ids to calls with the same id',
      [user('go'), call('1', '1'), result('1', 'a'), result('1', 'b'), call('1'), result('1', 'c')],
      ['u go', 'a c:1 | c:1_2', 'u r:1=a | r:1_2=b', 'a c:1_3', 'u r:1_3=c'],
    ],
    [
      'gives distinct ids to calls whose converted ids are equal',
      [user('go'), call('a.b', 'a_b', ''), result('a_b', '2'), result('a.b', '1'), result('', '3')],
      ['u go', 'a c:a_b | c:a_b_2 | c:call', 'u r:a_b=1 | r:a_b_2=2 | r:call=3'],
    ],
    [
      'reports a missing result',
      [user('go'), call('1', '2'), result('2', 'b')],
      ['u go', 'a c:1 | c:2', 'u r:1=The result of this call is missing. | r:2=b'],
    ],
    [
      'sends a result without its call as text',
      [result('1', 'a'), user('so?')],
      ['u Result of the tool call 1: | a | so?'],
    ],
    [
      'keeps a refusal beside a text',
      [user('go'), said('well', { refusal: 'no' }), user('so?')],
      ['u go', 'a well | no', 'u so?'],
    ],
  ])('%s', (_what, messages, wanted) => {
    expect(shape(...messages)).toEqual(wanted);
  });

  it('shortens ids that are too long, and keeps them distinct', () => {
    const long = 'x'.repeat(100);
    const ids = messagesOf(user('go'), call(long, `${long}y`)).flatMap(({ content }) =>
      content.flatMap(({ id }) => id ?? []),
    );
    expect(ids).toEqual(['x'.repeat(64), `${'x'.repeat(62)}_2`]);
  });

  it('is valid for every history', () => {
    const id = fc.constantFrom('1', '2', 'a.b', 'a_b', '', 'x'.repeat(70), 'ü');
    const message = fc.oneof(
      fc.constantFrom(user('u'), user(''), said('a'), said(null), said(' '), { role: 'system', content: 's' }),
      fc.array(id, { minLength: 1, maxLength: 3 }).map((ids) => call(...ids)),
      id.map((each) => result(each, 'x')),
    );
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 12 }), (messages) => {
        const sent = messagesOf(...messages);
        const calls = sent.map(({ content }) =>
          content.flatMap((block) => (block.type === 'tool_use' ? (block.id ?? '') : [])),
        );
        expect(sent[0]?.role).toBe('user');
        expect(new Set(calls.flat()).size).toBe(calls.flat().length);
        expect(calls.flat().every((each) => /^[a-zA-Z0-9_-]{1,64}$/.test(each))).toBe(true);
        for (const [at, { role, content }] of sent.entries()) {
          expect(role).toBe(at % 2 === 0 ? 'user' : 'assistant');
          expect(content.length).toBeGreaterThan(0);
          const results = content.flatMap((block) => block.tool_use_id ?? []);
          expect(results).toEqual(calls[at - 1] ?? []);
          expect(content.slice(0, results.length).every(({ type }) => type === 'tool_result')).toBe(true);
        }
        expect(sent.at(-1)?.content.some(({ type }) => type === 'tool_use')).toBe(false);
      }),
    );
  });
});

describe('cache_control', () => {
  it('is supported on messages, calls, results, parts and tools', () => {
    const { system, messages, tools } = send({
      messages: [
        { role: 'system', content: 'long', ...ephemeral },
        user(
          [
            { type: 'text', text: 'x' },
            { type: 'text', text: 'y' },
          ],
          ephemeral,
        ),
        said('well', { ...ephemeral, tool_calls: [toolCall('c1', ephemeral), toolCall('c2')] }),
        result('c1', 'x', ephemeral),
        result('c2', [{ type: 'text', text: 'x', ...ephemeral }]),
        user('so?', { prompt_cache_breakpoint: { mode: 'explicit', ttl: '1h' } }),
      ],
      tools: [
        { type: 'function', function: { name: 'f' }, ...ephemeral },
        { type: 'function', function: { name: 'g', ...ephemeral } },
      ],
    });
    expect(system).toEqual([{ type: 'text', text: 'long', ...ephemeral }]);
    expect(messages[0]?.content).toEqual([
      { type: 'text', text: 'x' },
      { type: 'text', text: 'y', ...ephemeral },
    ]);
    expect(messages[1]?.content).toMatchObject([
      { text: 'well' },
      { id: 'c1', ...ephemeral },
      { id: 'c2', ...ephemeral },
    ]);
    expect(messages[1]?.content[0]).not.toHaveProperty('cache_control');
    expect(messages[2]?.content).toMatchObject([
      { tool_use_id: 'c1', ...ephemeral },
      { tool_use_id: 'c2', content: [{ text: 'x', ...ephemeral }] },
      { text: 'so?', cache_control: { type: 'ephemeral', ttl: '1h' } },
    ]);
    expect(tools).toMatchObject([
      { name: 'f', ...ephemeral },
      { name: 'g', ...ephemeral },
    ]);
  });
});
