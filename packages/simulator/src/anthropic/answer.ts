import { splitPrompt } from '../bill/tokens.ts';
import type { Behaviour } from '../faults/behaviour.ts';
import { type ChatAnswer, chatAnswerOf, reasoningText } from '../openai/chat-answer.ts';
import type { ChatRequest } from '../openai/chat-request.ts';
import { contentOf } from '../openai/content.ts';

/** Content of one token of an answer. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly id: string; readonly name: string }
  | { readonly kind: 'arguments'; readonly json: string };

/** An answer, independent of its format. */
export interface Answer {
  readonly id: string;
  readonly request: ChatRequest;
  readonly behaviour: Behaviour;
  readonly thoughts: readonly string[];
  readonly pieces: readonly Piece[];
  readonly stopReason: 'end_turn' | 'max_tokens' | 'tool_use';
}

const stopReasons = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use' } as const;

/** Creates an answer with the same content as the simulator's OpenAI answer. */
export function answerOf(request: ChatRequest, behaviour: Behaviour): Answer {
  const chat = chatAnswerOf(request, behaviour);
  const pieces = Array.from({ length: chat.content.tokens }, (_, seq) => pieceOf(chat, seq));
  return {
    id: `msg_${request.conversation}`,
    request,
    behaviour,
    thoughts: Array.from({ length: chat.reasoningTokens }, (_, seq) => reasoningText(seq)),
    pieces: isContinued(chat) ? withSpace(pieces) : pieces,
    stopReason: stopReasons[chat.content.finishReason],
  };
}

interface ChatDelta {
  readonly content?: string;
  readonly tool_calls?: readonly {
    readonly id?: string;
    readonly function: { readonly name?: string; readonly arguments: string };
  }[];
}

function pieceOf({ content }: ChatAnswer, seq: number): Piece {
  const { content: text = '', tool_calls: calls = [] } = JSON.parse(content.delta(0, seq)) as ChatDelta;
  const [call] = calls;
  if (call === undefined) return { kind: 'text', text };
  const { name = '', arguments: json } = call.function;
  return call.id === undefined
    ? { kind: 'arguments', json }
    : { kind: 'call', id: call.id.replace('call_', 'toolu_'), name };
}

/** Returns whether the answer continues the request's last message. */
function isContinued({ request, behaviour, content }: ChatAnswer): boolean {
  if (request.soFar === '') return false;
  const anew = contentOf({ ...request, soFar: '' }, behaviour);
  return content.message(0, 1).content !== anew.message(0, 1).content;
}

function withSpace([first, ...rest]: readonly Piece[]): readonly Piece[] {
  if (first === undefined) return [];
  return [first.kind === 'text' ? { kind: 'text', text: ` ${first.text}` } : first, ...rest];
}

/** Returns Anthropic's usage object for a number of content tokens. */
export function usageOf({ request, behaviour, thoughts }: Answer, tokens: number): object {
  const { fresh, cacheRead, cacheWrite } = splitPrompt(request.promptTokens, behaviour);
  return {
    input_tokens: fresh,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    output_tokens: thoughts.length + tokens,
    output_tokens_details: { thinking_tokens: thoughts.length },
  };
}
