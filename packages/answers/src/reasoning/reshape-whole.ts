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

/** Reshapes the reasoning of a whole answer, JSON text to JSON text; an answer without reasoning stays unchanged. */
export function reshapeCompletion(text: string, mode: ReshapingMode): string {
  if (!reasoningPattern.test(text)) return text;
  const completion = fit(chatCompletionSchema, parse(text));
  if (completion === undefined) return text;
  const choices = completion.choices.map((choice) => ({ ...choice, message: reshape(choice.message, mode) }));
  return writeLossless({ ...completion, choices });
}

/** Parses JSON; undefined for other text, which holds no answer. */
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
