import { unmarkText } from '@sluice/protocol';
import { parseText } from '../parse-text.ts';
import { parsePlainText } from '../plain-text.ts';
import { type ChatResponse, chatResponseSchema } from './wire.ts';

/**
 * Parses a whole answer, or a line of a stream; returns undefined for other texts. Arguments of calls keep their digits
 * and order of members; no other member contains JSON that is passed on.
 */
export function readResponse(text: string): ChatResponse | undefined {
  if (!text.includes('"tool_calls"')) return parsePlainText(chatResponseSchema, text);
  const response = parseText(chatResponseSchema, text);
  if (response?.message == null) return response;
  const { content, thinking } = response.message;
  return {
    ...response,
    message: { ...response.message, content: unmarkText(content ?? ''), thinking: unmarkText(thinking ?? '') },
  };
}
