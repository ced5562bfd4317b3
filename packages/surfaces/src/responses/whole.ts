import { chatCompletionSchema, fit, type JsonObject, parseLossless, writeLossless } from '@sluice/protocol';
import { createResponseStream, type ResponseStreamNeeds } from './stream/response-stream.ts';

/**
 * Translates a whole chat answer to a response.
 * @throws Error if the text is not a chat answer
 */
export function toWholeResponse(text: string, needs: ResponseStreamNeeds): JsonObject {
  const completion = fit(chatCompletionSchema, parseLossless(text));
  const [choice] = completion?.choices ?? [];
  if (completion === undefined || choice === undefined) throw new Error('The text is not a chat answer.');
  const { message, ...rest } = choice;
  const calls = message.tool_calls?.map((call, index) => ({ ...call, index }));
  const chunk = {
    ...completion,
    choices: [{ ...rest, delta: { ...message, ...(calls == null ? {} : { tool_calls: calls }) } }],
  };
  const stream = createResponseStream(needs);
  stream.onData(`data: ${writeLossless(chunk)}\n\n`);
  stream.end();
  return stream.response();
}
