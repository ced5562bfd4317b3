import { chatCompletionSchema, fit, parseLossless, writeLossless } from '@sluice/protocol';
import type { ReshapingMode } from './modes.ts';
import {
  closingTag,
  hasThoughts,
  openingTag,
  type Said,
  thoughtsOf,
  thoughtsPattern,
  withLead,
  withoutThoughts,
} from './thoughts.ts';

/** Gives the thoughts of a whole answer their form. JSON text in, JSON text out; an answer without thoughts stays as it is. */
export function reshapeCompletion(text: string, mode: ReshapingMode): string {
  if (!thoughtsPattern.test(text)) return text;
  const completion = fit(chatCompletionSchema, parse(text));
  if (completion === undefined) return text;
  const choices = completion.choices.map((choice) => ({ ...choice, message: reshape(choice.message, mode) }));
  return writeLossless({ ...completion, choices });
}

/** Undefined for what is no JSON: there is nothing of an answer in it. */
function parse(text: string): unknown {
  try {
    return parseLossless(text);
  } catch {
    return undefined;
  }
}

function reshape(message: Said, mode: ReshapingMode): Said {
  if (!hasThoughts(message)) return message;
  const thoughts = thoughtsOf(message);
  const rest = withoutThoughts(message);
  return mode === 'strip' || thoughts === '' ? rest : withLead(rest, openingTag + thoughts + closingTag);
}
