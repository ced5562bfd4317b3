import { chatCompletionSchema, fit, parseLossless, writeLossless } from '@sluice/protocol';
import type { ReshapingMode } from './modes.ts';
import {
  closingTag,
  hasReasoning,
  openingTag,
  type Said,
  reasoningOf,
  reasoningPattern,
  withLead,
  withoutReasoning,
} from './reasoning.ts';

/** Gives the reasoning of a whole answer their form. JSON text in, JSON text out; an answer without reasoning stays as it is. */
export function reshapeCompletion(text: string, mode: ReshapingMode): string {
  if (!reasoningPattern.test(text)) return text;
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
  if (!hasReasoning(message)) return message;
  const reasoning = reasoningOf(message);
  const rest = withoutReasoning(message);
  return mode === 'strip' || reasoning === '' ? rest : withLead(rest, openingTag + reasoning + closingTag);
}
