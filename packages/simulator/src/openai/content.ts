import type { Behaviour } from '../faults/behaviour.ts';
import { seedOf } from '../faults/conversations.ts';
import type { ChatRequest } from './chat-request.ts';
import { sampleJson } from './sample-json.ts';
import { createTokenText } from './token-text.ts';
import { callsOf, cutJson, fragmentsOf, type ToolCall } from './tool-calls.ts';

/** Content of an answer, independent of its format. */
export interface Content {
  /** Number of tokens per choice; each is the delta of one chunk in a stream. */
  readonly tokens: number;
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  /** The first delta, with the role, as JSON. */
  readonly roleDelta: string;
  /** Returns the delta of a token, as JSON. */
  delta(choice: number, seq: number): string;
  /** Returns the message that consists of the first tokens. */
  message(choice: number, tokens: number): MessageContent;
}

/** Part of an assistant message that depends on its content. */
interface MessageContent {
  readonly content: string | null;
  readonly tool_calls?: readonly ToolCall[];
}

/** Selects the content: tool calls, JSON, or text. */
export function contentOf(request: ChatRequest, behaviour: Behaviour): Content {
  if (behaviour.fault?.name === 'empty') return textContent(0, () => '');
  const full = restOf(fullContentOf(request, behaviour), request.soFar);
  const { maxTokens } = request;
  return full.tokens > maxTokens ? { ...full, tokens: maxTokens, finishReason: 'length' } : full;
}

/** Returns the rest of an answer after `soFar`; the whole answer if it does not start with `soFar`. */
function restOf(full: Content, soFar: string): Content {
  let said = '';
  let tokens = 0;
  while (said.length < soFar.length && tokens < full.tokens) {
    tokens += 1;
    said = full.message(0, tokens).content ?? '';
  }
  if (soFar === '' || said !== soFar) return full;
  return {
    ...full,
    tokens: full.tokens - tokens,
    delta: (choice, seq) => full.delta(choice, seq + tokens),
    message: (choice, length) => {
      const { content, ...rest } = full.message(choice, tokens + length);
      return { content: content?.slice(soFar.length) ?? null, ...rest };
    },
  };
}

function fullContentOf(request: ChatRequest, behaviour: Behaviour): Content {
  const { functions, jsonSchema, rid, conversation, turn } = request;
  if (turn !== undefined) return turn.calls.length > 0 ? callsContent(turn.calls) : wordsContent(turn.text);
  if (functions.length > 0) return callsContent(callsOf(request, behaviour.hasParallelCalls));
  if (jsonSchema === undefined) {
    return textContent(behaviour.tokens, createTokenText({ rid, seed: seedOf(conversation), behaviour }));
  }
  const pieces = cutJson(JSON.stringify(sampleJson(jsonSchema, 'lorem ipsum')));
  return textContent(pieces.length, (_, seq) => pieces[seq] ?? '');
}

function wordsContent(text: string): Content {
  const words = text.match(/\S+\s*/g) ?? [];
  return textContent(words.length, (_, seq) => words[seq] ?? '');
}

function textContent(tokens: number, textOf: (choice: number, seq: number) => string): Content {
  return {
    tokens,
    finishReason: 'stop',
    roleDelta: '{"role":"assistant","content":"","refusal":null}',
    delta: (choice, seq) => `{"content":${JSON.stringify(textOf(choice, seq))}}`,
    message: (choice, length) => ({ content: Array.from({ length }, (_, seq) => textOf(choice, seq)).join('') }),
  };
}

function callsContent(calls: readonly ToolCall[]): Content {
  const fragments = fragmentsOf(calls);
  return {
    tokens: fragments.length,
    finishReason: 'tool_calls',
    roleDelta: '{"role":"assistant","content":null}',
    delta: (_, seq) => JSON.stringify({ tool_calls: [fragments[seq]?.delta] }),
    message(_, tokens) {
      const sent = fragments.slice(0, tokens);
      const begun = calls.filter((call) => sent.some((fragment) => fragment.call === call));
      return {
        content: null,
        tool_calls: begun.map((call) => {
          const own = sent.filter((fragment) => fragment.call === call);
          const argumentsText = own.map(({ delta }) => delta.function.arguments).join('');
          return { ...call, function: { ...call.function, arguments: argumentsText } };
        }),
      };
    },
  };
}
