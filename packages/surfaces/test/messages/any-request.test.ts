import { GatewayError, isChatBody, parseChatRequest, writeLossless } from '@sluice/protocol';
import { parseMessagesRequest, toChatRequest } from '@sluice/surfaces';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const text = fc.record({ type: fc.constant('text'), text: fc.string() });
const image = fc.record({
  type: fc.constant('image'),
  source: fc.oneof(
    fc.record({ type: fc.constant('url'), url: fc.webUrl() }),
    fc.record({ type: fc.constant('base64'), media_type: fc.constant('image/png'), data: fc.base64String() }),
    fc.record({ type: fc.constant('file'), file_id: fc.string() }),
  ),
});
const document = fc.record({
  type: fc.constant('document'),
  title: fc.option(fc.string()),
  source: fc.oneof(
    fc.record({ type: fc.constant('text'), data: fc.string() }),
    fc.record({ type: fc.constant('content'), content: fc.oneof(fc.string(), fc.array(text)) }),
  ),
});
const result = fc.record(
  {
    type: fc.constant('tool_result'),
    tool_use_id: fc.string(),
    content: fc.oneof(fc.string(), fc.array(fc.oneof(text, image, document), { maxLength: 3 }), fc.constant(null)),
    is_error: fc.option(fc.boolean()),
  },
  { requiredKeys: ['type', 'tool_use_id'] },
);
const use = fc.record({
  type: fc.constant('tool_use'),
  id: fc.string(),
  name: fc.string(),
  input: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
});
const thinking = fc.record({
  type: fc.constant('thinking'),
  thinking: fc.string(),
  signature: fc.oneof(fc.string(), fc.constant('')),
});
const redacted = fc.record({
  type: fc.constant('redacted_thinking'),
  data: fc.oneof(
    fc.string(),
    fc.string().map((rest) => `sluice.reasoning.${rest}`),
  ),
});
const unknown = fc.record({ type: fc.constantFrom('server_tool_use', 'container_upload', 'x'), x: fc.jsonValue() });
const block = fc.oneof(text, image, document, result, use, thinking, redacted, unknown);

const message = fc.record({
  role: fc.constantFrom('user', 'assistant', 'system'),
  content: fc.oneof(fc.string(), fc.array(block, { maxLength: 5 })),
});

const request = fc.record(
  {
    model: fc.constant('m'),
    max_tokens: fc.integer({ min: 1, max: 100_000 }),
    messages: fc.array(message, { minLength: 1, maxLength: 5 }),
    system: fc.oneof(fc.string(), fc.array(text, { maxLength: 3 })),
    stop_sequences: fc.array(fc.string(), { maxLength: 6 }),
    tools: fc.array(fc.record({ name: fc.string(), input_schema: fc.dictionary(fc.string(), fc.jsonValue()) }), {
      maxLength: 2,
    }),
    tool_choice: fc.record({ type: fc.constantFrom('auto', 'any', 'tool', 'none', 'x'), name: fc.string() }),
    thinking: fc.record({ type: fc.constantFrom('adaptive', 'disabled', 'x') }),
    metadata: fc.record({ user_id: fc.option(fc.string()) }),
    x: fc.jsonValue(),
  },
  { requiredKeys: ['model', 'max_tokens', 'messages'] },
);

/** Returns the error of a refused request. */
function refusalOf(act: () => unknown): GatewayError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

describe('any request', () => {
  it('becomes a valid chat request, or is refused by the name of a field', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const refusal = refusalOf(() => {
          const { chat } = toChatRequest(parseMessagesRequest(asked), { isNative: false });
          parseChatRequest(JSON.parse(writeLossless(chat)));
        });
        if (refusal === undefined) return;
        expect(refusal.status).toBe(400);
        const [field = ''] = refusal.param?.split(/[.[]/) ?? [];
        expect(Object.keys(asked)).toContain(field);
      }),
      { numRuns: 500 },
    );
  });

  it('becomes a body that workers can read, where an upstream of Anthropic may get it', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const refusal = refusalOf(() => {
          const { chat } = toChatRequest(parseMessagesRequest(asked), { isNative: true });
          expect(isChatBody(JSON.parse(writeLossless(chat)))).toBe(true);
        });
        // The schema alone refuses: a choice of a tool needs its name.
        if (refusal !== undefined) expect(refusal.param).toMatch(/^tool_choice/);
      }),
      { numRuns: 500 },
    );
  });
});
