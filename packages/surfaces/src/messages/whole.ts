import {
  type ChatCompletion,
  chatCompletionSchema,
  fit,
  isFilled,
  isObject,
  itemsOf,
  type JsonObject,
  membersOf,
  parseLossless,
  textsOf,
  unmarkText,
  writeLossless,
} from '@sluice/protocol';
import { toMessageId } from './names.ts';
import { type Proof, toProofs } from './reasoning-blocks.ts';
import { toStop } from './stop.ts';
import { toMessageUsage } from './usage.ts';

type ChatMessage = ChatCompletion['choices'][number]['message'];

/**
 * Translates a whole chat answer to a message, both as JSON texts.
 * @throws Error if the text is not a chat answer, or the answer has no end
 */
export function toMessage(text: string): string {
  const answer = fit(chatCompletionSchema, parseLossless(text));
  const [choice] = answer?.choices ?? [];
  if (answer === undefined || choice === undefined) throw new Error('the answer is not a chat answer');
  const { message, finish_reason: finish } = choice;
  if (finish == null) throw new Error('the answer has no finish reason');
  const calls = callsOf(message);
  const { content, reasoning } = textsOf(message);
  return writeLossless({
    id: toMessageId(answer.id, String(answer.created ?? 0)),
    type: 'message',
    role: 'assistant',
    model: answer.model ?? '',
    content: withReasoning(toProofs(unmarked(message['reasoning_details'])), reasoning, [
      ...textBlocks(message, content),
      ...calls,
    ]),
    ...toStop({ finish, refusal: message.refusal ?? '', hasCalls: calls.length > 0 }),
    usage: toMessageUsage(answer.usage ?? undefined),
  });
}

/** Some providers answer with a list of parts. */
function textBlocks(message: ChatMessage, content: string): readonly JsonObject[] {
  const texts = Array.isArray(message.content)
    ? message.content.flatMap((part: unknown) => (isObject(part) && isFilled(part['text']) ? [part['text']] : []))
    : [content];
  return texts.filter((text) => text !== '').map((text) => ({ type: 'text', text, citations: null }));
}

function callsOf({ tool_calls: calls, function_call: older }: ChatMessage): readonly JsonObject[] {
  const given = isFilledList(calls) ? calls : older == null ? [] : [{ id: 'call_0', function: older }];
  return given.map((call, at) => {
    const { extra_content: extra }: JsonObject = call;
    return {
      type: 'tool_use',
      id: isFilled(call.id) ? call.id : `call_${at}`,
      name: call.function?.name ?? '',
      input: toInput(call.function?.arguments ?? ''),
      ...(isObject(extra) ? { extra_content: extra } : {}),
    };
  });
}

const isFilledList = <Item>(list: readonly Item[] | null | undefined): list is readonly Item[] =>
  list != null && list.length > 0;

/** Parses arguments. Other texts than objects are wrapped in one, as in the history of a conversation. */
function toInput(marked: string): unknown {
  const text = unmarkText(marked);
  if (text.trim() === '') return {};
  try {
    const value = parseLossless(text);
    return isObject(value) ? value : { arguments: value };
  } catch {
    return { arguments: marked };
  }
}

/** Puts reasoning in its places among the blocks. Reasoning without a proof comes first, with an empty signature. */
function withReasoning(proofs: readonly Proof[], reasoning: string, said: readonly JsonObject[]): JsonObject[] {
  const isSigned = proofs.some(({ kind }) => kind === 'signed');
  const blocks: JsonObject[] =
    reasoning === '' || isSigned ? [] : [{ type: 'thinking', thinking: reasoning, signature: '' }];
  const rest = [...said];
  for (const proof of [...proofs].sort((a, b) => (a.index ?? 0) - (b.index ?? 0))) {
    blocks.push(...rest.splice(0, Math.max(0, (proof.index ?? 0) - blocks.length)));
    blocks.push(
      proof.kind === 'signed'
        ? { type: 'thinking', thinking: proof.text, signature: proof.signature }
        : { type: 'redacted_thinking', data: proof.data },
    );
  }
  return [...blocks, ...rest];
}

/** Proofs are compared and written as texts, which a parser of digits may have marked. */
const unmarked = (details: unknown): readonly JsonObject[] =>
  itemsOf(details).map((detail) =>
    Object.fromEntries(
      Object.entries(membersOf(detail)).map(([name, value]) => [
        name,
        typeof value === 'string' ? unmarkText(value) : value,
      ]),
    ),
  );
