import { unmarkText } from '@sluice/protocol';
import { z } from 'zod';
import { parseText } from '../parse-text.ts';
import { parsePlainText } from '../plain-text.ts';
import { responseSchema, type WirePart, type WireResponse } from './wire.ts';

/**
 * Parses a whole answer, or an event of a stream; returns undefined for other texts. Arguments of calls keep their
 * digits and order of members; no other member contains JSON that is passed on.
 */
export const readResponse = (text: string): WireResponse | undefined => readAs(responseSchema, text, withPlainTexts);

/**
 * Parses a whole answer. It may be the list of a stream's events, which Gemini sends if a proxy drops `alt=sse`. An
 * empty list is not an answer.
 */
export function readResponses(text: string): readonly WireResponse[] | undefined {
  if (!text.trimStart().startsWith('[')) {
    const response = readResponse(text);
    return response && [response];
  }
  return readAs(z.array(responseSchema).nonempty(), text, (responses) => responses.map(withPlainTexts));
}

function readAs<Output>(
  schema: z.ZodType<Output>,
  text: string,
  unmark: (output: Output) => Output,
): Output | undefined {
  if (!text.includes('"functionCall"')) return parsePlainText(schema, text);
  const output = parseText(schema, text);
  return output === undefined ? undefined : unmark(output);
}

function withPlainTexts(response: WireResponse): WireResponse {
  const candidates = response.candidates?.map((candidate) => {
    const parts = candidate.content?.parts?.map(withPlainText);
    return parts === undefined ? candidate : { ...candidate, content: { ...candidate.content, parts } };
  });
  return { ...response, candidates };
}

const withPlainText = (part: WirePart): WirePart =>
  part.text == null ? part : { ...part, text: unmarkText(part.text) };
