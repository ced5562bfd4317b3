import type { Classes } from '../bill/tokens.ts';
import type { Behaviour } from '../faults/behaviour.ts';
import { type ChatAnswer, chatAnswerOf, reasoningText, usageOf } from '../openai/chat-answer.ts';
import { spoiltCharacter } from '../server/bytes.ts';
import type { EventStream, WholeAnswer } from '../server/provider.ts';
import { innerFailureBody } from './errors.ts';
import type { GlmRequest } from './request.ts';

/** Classes of the bill: writing into the cache is not one of them. */
export const glmClasses: Classes = { cacheRead: true, cacheWrite: false, reasoning: true };

/** Number of reasoning tokens of a model told to reason, if no directive sets it. */
const usualReasoningTokens = 4;
/** Marks of models that write reasoning into the text; these also mark their result with a box. */
const marks = { open: '<think>\n', close: '</think>\n<|begin_of_box|>', end: '<|end_of_box|>' };

interface GlmAnswer {
  readonly answer: ChatAnswer;
  readonly request: GlmRequest;
  readonly finishReason: string;
  readonly reasoningInText: boolean;
}

function answerOf(request: GlmRequest, given: Behaviour): GlmAnswer {
  const { thinks, words } = request;
  const thoughts = thinks === false ? 0 : given.reasoningTokens || (thinks === true ? usualReasoningTokens : 0);
  const answer = chatAnswerOf(request.chat, { ...given, reasoningTokens: thoughts });
  const finishReason = words.has('sensitive')
    ? 'sensitive'
    : words.has('neterr')
      ? 'network_error'
      : answer.content.finishReason;
  return { answer, request, finishReason, reasoningInText: words.has('think') && thoughts > 0 };
}

const found = [{ title: 'Lorem', link: 'https://example.com/lorem', content: 'ipsum', refer: 'ref_1' }];

function usage(answer: ChatAnswer, tokens: number): object {
  const {
    prompt_tokens,
    completion_tokens,
    total_tokens,
    prompt_tokens_details: { cached_tokens },
    completion_tokens_details: details,
  } = usageOf(answer, tokens);
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens,
    prompt_tokens_details: { cached_tokens },
    completion_tokens_details: { reasoning_tokens: details.reasoning_tokens },
  };
}

/** Writes chunks in the API's dialect: the role on each, a finish reason only on the last, which also has the usage. */
export function toGlmStream(request: GlmRequest, behaviour: Behaviour): EventStream {
  const glm = answerOf(request, behaviour);
  const { answer, reasoningInText } = glm;
  const { content, reasoningTokens } = answer;
  const head = { ...identityOf(answer), object: 'chat.completion.chunk' };
  const chunk = (choice: object, more: object = {}): string =>
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, ...choice }], ...more })}\n\n`;
  const say = (delta: object): string => chunk({ delta: { role: 'assistant', ...delta } });
  const think = (seq: number): string =>
    reasoningInText
      ? say({ content: (seq === 0 ? marks.open : '') + reasoningText(seq) })
      : say({ reasoning_content: reasoningText(seq) });

  return {
    kind: 'stream',
    opening: '',
    steps: reasoningTokens + content.tokens,
    leadSteps: reasoningTokens,
    tokensPerStep: 1,
    step(index) {
      if (index < reasoningTokens) return think(index);
      const seq = index - reasoningTokens;
      const border = reasoningInText && seq === 0 ? say({ content: marks.close }) : '';
      return border + say(JSON.parse(content.delta(0, seq)) as object);
    },
    closing:
      (reasoningInText ? say({ content: marks.end }) : '') +
      chunk(
        { finish_reason: glm.finishReason, delta: { role: 'assistant', content: '' } },
        { usage: usage(answer, content.tokens), ...(request.searches ? { web_search: found } : {}) },
      ),
    terminator: 'data: [DONE]\n\n',
    failure: `data: ${innerFailureBody}\n\n`,
    broken: `data: {"id":"x","choices":[{"delta":{"content":"bro\n\n`,
    carrying: (text) => say({ content: text }),
  };
}

export function toGlmCompletion(request: GlmRequest, behaviour: Behaviour): WholeAnswer {
  const { fault, faultAfterTokens } = behaviour;
  if (fault?.name === 'errev') return { kind: 'whole', body: innerFailureBody, tokens: 0, steps: 0, isFree: true };
  const { answer, finishReason, reasoningInText } = answerOf(request, behaviour);
  const { content, reasoningTokens } = answer;
  const tokens = fault?.name === 'cut' ? Math.min(faultAfterTokens, content.tokens) : content.tokens;
  const { content: text, tool_calls: calls } = content.message(0, tokens);
  const thoughts = Array.from({ length: reasoningTokens }, (_, seq) => reasoningText(seq)).join('');
  const filler =
    fault?.name === 'huge' ? 'x'.repeat(fault.value * 1024 * 1024) : fault?.name === 'badutf8' ? spoiltCharacter : '';
  const said = (text ?? '') + filler;
  const message = {
    role: 'assistant',
    content: reasoningInText ? marks.open + thoughts + marks.close + said + marks.end : said,
    ...(thoughts === '' || reasoningInText ? {} : { reasoning_content: thoughts }),
    ...(calls === undefined ? {} : { tool_calls: calls.map((call, index) => ({ index, ...call })) }),
  };
  const body = JSON.stringify({
    choices: [{ ...(fault?.name === 'cut' ? {} : { finish_reason: finishReason }), index: 0, message }],
    ...identityOf(answer),
    object: 'chat.completion',
    request_id: answer.identity.id,
    usage: usage(answer, tokens),
    ...(request.searches ? { web_search: found } : {}),
  });
  return {
    kind: 'whole',
    body,
    tokens: reasoningTokens + tokens,
    billed: { output: tokens, reasoning: reasoningTokens },
    steps: reasoningTokens + tokens,
  };
}

const identityOf = ({ identity: { id, created, model } }: ChatAnswer): object => ({ id, created, model });
