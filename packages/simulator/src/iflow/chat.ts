import { type ChatAnswer, chatAnswerOf, usageOf } from '../openai/chat-answer.ts';
import { readChatRequest } from '../openai/chat-request.ts';
import { toEventStream } from '../openai/chunks.ts';
import { toCompletion } from '../openai/completion.ts';
import type { Endpoint, EventStream, WholeAnswer } from '../server/provider.ts';
import { chatQuestion } from '../server/questions.ts';

/**
 * iFlow's chat: OpenAI's, with the usage in the chunk that finishes. Words in the model's name: `nousage` omits usage,
 * `octet` streams with another content type. If all tokens are reasoning (`t0-q5`), the text of a whole answer is null.
 */
export const chatCompletions: Endpoint = {
  read(body) {
    const request = readChatRequest(body);
    if (request.kind === 'failure') return request;
    return chatQuestion(request, (behaviour) => {
      const answer = chatAnswerOf({ ...request, wantsStreamUsage: false }, behaviour);
      return request.stream ? toStream(answer) : toWhole(answer);
    });
  },
};

const countsNothing = ({ request }: ChatAnswer): boolean => request.model.includes('nousage');

function toStream(answer: ChatAnswer): EventStream {
  const stream = toEventStream(answer);
  const usage = `,"usage":${JSON.stringify(usageOf(answer, answer.content.tokens))}}\n\n`;
  return {
    ...stream,
    tellsUsage: !countsNothing(answer),
    ...(answer.request.model.includes('octet') ? { contentType: 'application/octet-stream' } : {}),
    closing: countsNothing(answer) ? stream.closing : stream.closing.replace(/\}\n\n$/, () => usage),
  };
}

interface Completion {
  readonly choices?: readonly { readonly message: { readonly content: string | null } }[];
}

function toWhole(answer: ChatAnswer): WholeAnswer {
  const whole = toCompletion(answer);
  const completion = JSON.parse(whole.body) as Completion;
  const choices = completion.choices?.map((choice) => {
    const isAllReasoning = choice.message.content === '' && answer.reasoningTokens > 0;
    return isAllReasoning ? { ...choice, message: { ...choice.message, content: null } } : choice;
  });
  const counted = { ...completion, ...(choices === undefined ? {} : { choices }) };
  return {
    ...whole,
    tellsUsage: !countsNothing(answer),
    body: JSON.stringify(countsNothing(answer) ? { ...counted, usage: undefined } : counted),
  };
}
