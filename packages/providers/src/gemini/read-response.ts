import { unmarkText } from '@sluice/protocol';
import { parseText } from '../parse-text.ts';
import { parsePlainText } from '../plain-text.ts';
import { responseSchema, type WirePart, type WireResponse } from './wire.ts';

/**
 * Reads a whole answer, or an event of a stream; undefined for what is none. The arguments of calls keep their digits
 * and the order of their members; nothing else holds JSON that is passed on.
 */
export function readResponse(text: string): WireResponse | undefined {
  if (!text.includes('"functionCall"')) return parsePlainText(responseSchema, text);
  const response = parseText(responseSchema, text);
  const candidates = response?.candidates?.map((candidate) => {
    const parts = candidate.content?.parts?.map(withPlainText);
    return parts === undefined ? candidate : { ...candidate, content: { ...candidate.content, parts } };
  });
  return response && { ...response, candidates };
}

const withPlainText = (part: WirePart): WirePart =>
  part.text == null ? part : { ...part, text: unmarkText(part.text) };
