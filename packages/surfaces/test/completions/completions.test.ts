import { GatewayError } from '@sluice/protocol';
import { completionsToChat, createCompletionsAnswer, parseCompletionsRequest, toCompletion } from '@sluice/surfaces';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const translate = (body: object) => completionsToChat(parseCompletionsRequest({ model: 'm', prompt: 'Hi', ...body }));

function refusal(body: object): unknown {
  try {
    translate(body);
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, param: error.param };
    throw error;
  }
  return 'none';
}

describe('a request for a completion', () => {
  it('becomes a chat', () => {
    const body = {
      prompt: ['Say'],
      stop: ['x'],
      n: 2,
      temperature: 0.5,
      logprobs: 3,
      stream: true,
      user: 'u',
      later: 1,
    };
    expect(translate(body)).toEqual({
      chat: {
        model: 'm',
        messages: [{ role: 'user', content: 'Say' }],
        max_tokens: 16,
        stop: ['x'],
        n: 2,
        temperature: 0.5,
        logprobs: true,
        top_logprobs: 3,
        stream: true,
        stream_options: { include_usage: true },
        user: 'u',
      },
      dropped: ['later'],
      echo: '',
    });
  });

  it.each<[object, string, string]>([
    [{ prompt: undefined }, 'missing_required_parameter', 'prompt'],
    [{ prompt: [1, 2] }, 'invalid_type', 'prompt[0]'],
    [{ prompt: ['a', 'b'] }, 'unsupported_parameter', 'prompt'],
    [{ suffix: 'x' }, 'unsupported_parameter', 'suffix'],
    [{ best_of: 3 }, 'unsupported_parameter', 'best_of'],
    [{ logprobs: 9 }, 'integer_above_max_value', 'logprobs'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'array_above_max_length', 'stop'],
  ])('%j is refused with %s for %s', (body, code, param) => {
    expect(refusal(body)).toEqual({ code, param });
  });
});

const chunk = (index: number, delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c', created: 1, model: 'x', choices: [{ index, delta, ...more }] })}\n\n`;

interface Completion {
  readonly object: string;
  readonly choices: readonly { readonly index: number; readonly text: string; readonly finish_reason: string | null }[];
  readonly usage?: object;
}
const read = (sse: string): readonly Completion[] =>
  sse.split('\n\n').flatMap((event) => (event === '' ? [] : [JSON.parse(event.slice(6)) as Completion]));

describe('a completion', () => {
  it('has the texts of all choices, whatever the pieces are', () => {
    const pieces = fc.array(fc.record({ index: fc.nat(2), content: fc.string({ maxLength: 4 }) }));
    fc.assert(
      fc.property(pieces, fc.string({ maxLength: 3 }), (given, echo) => {
        const answer = createCompletionsAnswer({ echo, wantsUsage: false });
        const sse = given.map(({ index, content }) => answer.onData(chunk(index, { content }))).join('');
        for (const index of [0, 1, 2]) {
          const said = given
            .filter((piece) => piece.index === index)
            .map(({ content }) => content)
            .join('');
          const told = read(sse)
            .flatMap(({ choices }) => choices)
            .filter((choice) => choice.index === index);
          expect(told.map(({ text }) => text).join('')).toBe(said === '' ? '' : echo + said);
        }
      }),
    );
  });

  it('tells its reason, and its usage to clients that ask for it', () => {
    const usage = `data: ${JSON.stringify({ id: 'c', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } })}\n\n`;
    const events = chunk(0, { content: 'x' }) + chunk(0, {}, { finish_reason: 'length' }) + usage;
    const told = read(createCompletionsAnswer({ echo: '', wantsUsage: true }).onData(events));
    expect(told).toMatchObject([
      { object: 'text_completion', choices: [{ text: 'x', finish_reason: null }] },
      { choices: [{ text: '', finish_reason: 'length' }] },
      { choices: [], usage: { total_tokens: 3 } },
    ]);
    expect(read(createCompletionsAnswer({ echo: '', wantsUsage: false }).onData(usage))).toEqual([]);
  });

  it('is translated whole, with its probabilities in the older form', () => {
    const logprobs = {
      content: [
        { token: 'Hi', logprob: -1, top_logprobs: [{ token: 'Ho', logprob: -2 }] },
        { token: '!', logprob: -3 },
      ],
    };
    const text = JSON.stringify({
      id: 'c',
      created: 1,
      model: 'x',
      choices: [{ index: 0, message: { content: 'Hi!' }, finish_reason: 'stop', logprobs }],
    });
    expect(JSON.parse(toCompletion(text, 'Say '))).toEqual({
      id: 'c',
      object: 'text_completion',
      created: 1,
      model: 'x',
      choices: [
        {
          index: 0,
          text: 'Say Hi!',
          finish_reason: 'stop',
          logprobs: {
            tokens: ['Hi', '!'],
            token_logprobs: [-1, -3],
            top_logprobs: [{ Ho: -2 }, {}],
            text_offset: [0, 2],
          },
        },
      ],
    });
    expect(() => toCompletion('{}', '')).toThrow('not a chat answer');
  });
});
