import { type ChatBody, chatCompletionSchema, writeLossless } from '@sluice/protocol';
import { parseText } from '../parse-text.ts';
import { clientWantsUsage } from '../stream-options.ts';

/** Converts a whole answer to a stream, for providers that ignore a request for a stream. */
export function toChunks(completionText: string, body: ChatBody): string {
  const completion = parseText(chatCompletionSchema, completionText);
  if (completion === undefined) return '';
  const { choices, usage, ...head } = completion;
  const write = (chunk: object): string =>
    `data: ${writeLossless({ ...head, object: 'chat.completion.chunk', ...chunk })}\n\n`;
  const contents = choices.map(({ index, message, finish_reason: finishReason, ...rest }) => {
    const calls = message.tool_calls?.map((call, at) => ({ index: at, ...call }));
    const delta = { ...message, role: 'assistant', ...(calls === undefined ? {} : { tool_calls: calls }) };
    return (
      write({ choices: [{ ...rest, index: index ?? 0, delta, finish_reason: null }] }) +
      write({ choices: [{ index: index ?? 0, delta: {}, finish_reason: finishReason ?? 'stop' }] })
    );
  });
  return contents.join('') + (usage != null && clientWantsUsage(body) ? write({ choices: [], usage }) : '');
}
