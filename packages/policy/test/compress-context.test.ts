import { compressContext } from '@sluice/policy';
import type { ChatMessage } from '@sluice/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });
const system = (content: string): ChatMessage => ({ role: 'system', content });
const developer = (content: string): ChatMessage => ({ role: 'developer', content });
const call = (...ids: string[]): ChatMessage => ({
  role: 'assistant',
  tool_calls: ids.map((id) => ({ id, type: 'function' as const, function: { name: 'f', arguments: '{}' } })),
});
const result = (id: string): ChatMessage => ({ role: 'tool', tool_call_id: id, content: 'r' });
const functionCall: ChatMessage = { role: 'assistant', function_call: { name: 'f', arguments: '{}' } };
const functionResult: ChatMessage = { role: 'function', name: 'f', content: 'r' };

const rounds = (count: number): ChatMessage[] =>
  Array.from({ length: count }, (_, at) => [user(`q${at}`), assistant(`a${at}`)]).flat();

describe('a conversation that is too long', () => {
  it('keeps its last rounds', () => {
    const messages = rounds(12);
    expect(compressContext(messages, 10)).toEqual({ messages: messages.slice(4), droppedMessages: 4 });
  });

  it('counts the question that has no answer yet', () => {
    const messages = [...rounds(10), user('now')];
    expect(compressContext(messages, 10)).toEqual({ messages: messages.slice(2), droppedMessages: 2 });
  });

  it('keeps instructions at every position', () => {
    const [first, second] = [system('s'), developer('d')];
    const messages = [first, ...rounds(2), second, ...rounds(1)];
    expect(compressContext(messages, 1).messages).toEqual([first, second, ...rounds(1)]);
  });

  it('counts questions in a row as one round, even with instructions between them', () => {
    const last = [user('a'), system('s'), user('b'), assistant('c')];
    expect(compressContext([...rounds(1), ...last], 1)).toEqual({ messages: last, droppedMessages: 2 });
  });

  it('drops a greeting that came before the first question', () => {
    expect(compressContext([assistant('Hello'), ...rounds(2)], 1).messages).toEqual(rounds(2).slice(2));
  });

  it('keeps the call of a kept result', () => {
    const messages = [...rounds(1), user('look'), call('x'), user('meanwhile'), result('x'), assistant('done')];
    expect(compressContext(messages, 1)).toEqual({ messages: messages.slice(2), droppedMessages: 2 });
  });

  it('follows a chain of calls back', () => {
    const messages = [...rounds(1), user('1'), call('x'), user('2'), result('x'), call('y'), user('3'), result('y')];
    expect(compressContext(messages, 1).messages).toEqual(messages.slice(2));
  });

  it('uses the latest of several calls with the same id', () => {
    const round = [user('look'), call('call_0'), result('call_0'), assistant('done')];
    expect(compressContext([...round, ...round], 1)).toEqual({ messages: round, droppedMessages: 4 });
  });

  it('supports deprecated function calls', () => {
    const messages = [...rounds(1), user('look'), functionCall, user('meanwhile'), functionResult];
    expect(compressContext(messages, 1).messages).toEqual(messages.slice(2));
  });

  it.each([
    ['is within the limit of rounds', rounds(10)],
    ['has no question', [system('s'), assistant('a')]],
    ['is empty', []],
  ])('is unchanged if it %s', (_name, messages) => {
    expect(compressContext(messages, 10).messages).toBe(messages);
  });

  it('of a hundred thousand linked messages is scanned once', () => {
    const messages = Array.from({ length: 25_000 }, (_, at) => [user('q'), result(`${at - 1}`), call(`${at}`)]).flat();
    const startedAt = performance.now();
    expect(compressContext(messages, 1).droppedMessages).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe('for every conversation', () => {
  const id = fc.constantFrom('a', 'b', 'c');
  const message: fc.Arbitrary<ChatMessage> = fc.oneof(
    fc.string().map(user),
    fc.string().map(assistant),
    fc.constantFrom(system('s'), developer('d'), functionCall, functionResult),
    fc.uniqueArray(id, { minLength: 1 }).map((ids) => call(...ids)),
    id.map(result),
  );
  const conversation = fc.array(message, { maxLength: 40 });
  const count = fc.integer({ min: 1, max: 5 });

  /** Returns the call that a result answers, among these messages. */
  function callBefore(messages: readonly ChatMessage[], answer: ChatMessage): ChatMessage | undefined {
    const before = messages.slice(0, messages.indexOf(answer));
    return before.findLast((each) => {
      if (each.role !== 'assistant') return false;
      if (answer.role === 'tool') return each.tool_calls?.some((one) => 'id' in one && one.id === answer.tool_call_id);
      return answer.role === 'function' && each.function_call?.name === answer.name;
    });
  }

  /** Copies the messages, so that equal ones can be told apart by identity. */
  const distinct = (messages: readonly ChatMessage[]): ChatMessage[] => messages.map((each) => ({ ...each }));

  it('the order, the instructions and the last question stay, and dropped messages are counted', () => {
    fc.assert(
      fc.property(conversation, count, (given, limit) => {
        const messages = distinct(given);
        const { messages: kept, droppedMessages } = compressContext(messages, limit);
        expect(kept).toEqual(messages.filter((each) => kept.includes(each)));
        expect(messages.length - kept.length).toBe(droppedMessages);
        const isInstruction = ({ role }: ChatMessage): boolean => role === 'system' || role === 'developer';
        expect(kept.filter(isInstruction)).toEqual(messages.filter(isInstruction));
        const lastQuestion = messages.findLast(({ role }) => role === 'user');
        if (lastQuestion !== undefined) expect(kept).toContain(lastQuestion);
      }),
    );
  });

  it('each kept result has its call, and each kept call its results', () => {
    fc.assert(
      fc.property(conversation, count, (given, limit) => {
        const messages = distinct(given);
        const { messages: kept } = compressContext(messages, limit);
        const parted = messages.filter((answer) => {
          const asked = callBefore(messages, answer);
          return asked !== undefined && kept.includes(asked) !== kept.includes(answer);
        });
        expect(parted).toEqual([]);
      }),
    );
  });

  it('a second compression changes nothing', () => {
    fc.assert(
      fc.property(conversation, count, (messages, limit) => {
        const once = compressContext(messages, limit).messages;
        expect(compressContext(once, limit).messages).toEqual(once);
      }),
    );
  });
});
