import { GatewayError } from '@sluice/protocol';
import { createGeminiAnswer, toGeminiEmbeddings, toGeminiError, toGeminiResponse } from '@sluice/surfaces';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Part {
  readonly text?: string;
  readonly thought?: boolean;
  readonly functionCall?: { readonly id?: string; readonly name: string; readonly args: object };
  readonly thoughtSignature?: string;
}

interface Response {
  readonly candidates: readonly {
    readonly index: number;
    readonly content: { readonly parts: readonly Part[] };
    readonly finishReason?: string;
  }[];
  readonly usageMetadata?: object;
}

const chunk = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c', model: 'gpt-x', choices: [{ index: 0, delta, ...more }] })}\n\n`;
const finish = (reason: string): string => chunk({}, { finish_reason: reason });
const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13, completion_tokens_details: { reasoning_tokens: 1 } } })}\n\n`;
const call = (index: number, members: object): string => chunk({ tool_calls: [{ index, ...members }] });

function translate(events: readonly string[], showsReasoning = true): readonly Response[] {
  const answer = createGeminiAnswer({ showsReasoning });
  return [...events.flatMap(answer.onData), ...answer.end()].map((json) => JSON.parse(json) as Response);
}
const partsOf = (responses: readonly Response[]): readonly Part[] =>
  responses.flatMap(({ candidates }) => candidates.flatMap(({ content }) => content.parts));

describe("an answer of Gemini's API", () => {
  it('has its texts as they arrive, and its reason and usage at the end', () => {
    const responses = translate([
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hi' }),
      chunk({ content: ' you' }),
      finish('stop'),
      usage,
    ]);
    expect(partsOf(responses)).toEqual([{ text: 'Hi' }, { text: ' you' }]);
    expect(responses.at(-1)).toEqual({
      candidates: [{ content: { parts: [], role: 'model' }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 3, totalTokenCount: 13, thoughtsTokenCount: 1 },
      modelVersion: 'gpt-x',
      responseId: 'c',
    });
  });

  it('shows its reasoning to clients that ask for it', () => {
    const events = [chunk({ reasoning_content: 'Hm' }), chunk({ content: 'x' }), finish('stop')];
    expect(partsOf(translate(events))).toEqual([{ text: 'Hm', thought: true }, { text: 'x' }]);
    expect(partsOf(translate(events, false))).toEqual([{ text: 'x' }]);
  });

  it('has each call as a whole, with the signature that Gemini requires back', () => {
    const extra = { google: { thought_signature: 's==' } };
    const events = [
      call(0, { id: 'a', function: { name: 'f', arguments: '{"n":' }, extra_content: extra }),
      call(0, { function: { arguments: '12345678901234567890}' } }),
      call(1, { id: 'b', function: { name: 'g', arguments: '' } }),
      finish('tool_calls'),
    ];
    const answer = createGeminiAnswer({ showsReasoning: false });
    const text = [...events.flatMap(answer.onData), ...answer.end()].join('');
    expect(text).toContain(
      '{"functionCall":{"id":"a","name":"f","args":{"n":12345678901234567890}},"thoughtSignature":"s=="}',
    );
    expect(text).toContain('{"functionCall":{"id":"b","name":"g","args":{}}}');
  });

  it.each([
    ['length', 'MAX_TOKENS'],
    ['content_filter', 'SAFETY'],
    ['later_reason', 'OTHER'],
  ])('tells the reason %s as %s', (reason, told) => {
    expect(translate([chunk({ content: 'x' }), finish(reason)]).at(-1)?.candidates[0]?.finishReason).toBe(told);
  });

  it('is the same whole', () => {
    const message = {
      role: 'assistant',
      content: 'Hi',
      tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{"x":1}' } }],
    };
    const text = JSON.stringify({
      id: 'c',
      model: 'gpt-x',
      choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
    });
    expect(JSON.parse(toGeminiResponse(text, { showsReasoning: false }))).toEqual({
      candidates: [
        {
          index: 0,
          finishReason: 'STOP',
          content: { role: 'model', parts: [{ text: 'Hi' }, { functionCall: { id: 'a', name: 'f', args: { x: 1 } } }] },
        },
      ],
      modelVersion: 'gpt-x',
      responseId: 'c',
    });
    expect(() => toGeminiResponse('{}', { showsReasoning: false })).toThrow('not a chat answer');
  });

  const anyDelta = fc.record(
    {
      content: fc.option(fc.string({ maxLength: 5 })),
      reasoning_content: fc.option(fc.string({ maxLength: 5 })),
      tool_calls: fc.array(
        fc.record({
          index: fc.nat(2),
          function: fc.record({ name: fc.constantFrom('f', ''), arguments: fc.constantFrom('{}', '{"a":', '1}', '') }),
        }),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: [] },
  );

  it('loses no text and no call of any stream, and ends once', () => {
    fc.assert(
      fc.property(fc.array(anyDelta, { maxLength: 15 }), (deltas) => {
        const responses = translate([...deltas.map((delta) => chunk(delta)), finish('stop')]);
        const parts = partsOf(responses);
        const said = parts.filter(({ thought, functionCall }) => thought !== true && functionCall === undefined);
        expect(said.map(({ text }) => text).join('')).toBe(deltas.map(({ content }) => content ?? '').join(''));
        const hidden = parts.filter(({ thought }) => thought === true).map(({ text }) => text);
        expect(hidden.join('')).toBe(deltas.map((delta) => delta.reasoning_content ?? '').join(''));
        const asked = deltas.flatMap((delta) => delta.tool_calls ?? []).map(({ function: { name } }) => name);
        expect(parts.map(({ functionCall }) => functionCall?.name ?? '').join('')).toBe(asked.join(''));
        const ends = responses.filter(({ candidates }) =>
          candidates.some(({ finishReason }) => finishReason !== undefined),
        );
        expect(ends).toEqual(responses.slice(-1));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an error', () => {
  it("has Google's envelope, and names the field and the wait", () => {
    const error = new GatewayError('rate_limit_exceeded', { param: 'contents', retryAfterMs: 1500 });
    expect(toGeminiError(error)).toMatchObject({
      status: 429,
      body: {
        error: {
          code: 429,
          status: 'RESOURCE_EXHAUSTED',
          details: [
            { reason: 'RATE_LIMIT_EXCEEDED' },
            { fieldViolations: [{ field: 'contents' }] },
            { retryDelay: '2s' },
          ],
        },
      },
    });
  });

  it('of Google itself is passed on word for word', () => {
    const upstreamAnswer = { status: 400, body: '{"error":{"code":400,"message":"own words"}}' };
    expect(toGeminiError(new GatewayError('upstream_rejected', { upstreamAnswer }))).toEqual({
      status: 400,
      body: { error: { code: 400, message: 'own words' } },
    });
  });
});

it('vectors are given back one by one or as a batch', () => {
  const text = '{"data":[{"embedding":[1,2]},{"embedding":[3]}]}';
  expect(toGeminiEmbeddings(text, false)).toBe('{"embedding":{"values":[1,2]}}');
  expect(toGeminiEmbeddings(text, true)).toBe('{"embeddings":[{"values":[1,2]},{"values":[3]}]}');
  expect(() => toGeminiEmbeddings('{"data":[]}', true)).toThrow('not a list of vectors');
});
