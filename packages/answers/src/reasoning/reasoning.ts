import { isEmpty, textsOf } from '@sluice/protocol';

/** A delta of a stream, or the message of a whole answer. */
export type Said = Parameters<typeof textsOf>[0];

/** Names under which servers send reasoning. */
const names: ReadonlySet<string> = new Set(['reasoning_content', 'reasoning', 'reasoning_details']);

/**
 * Matches any JSON with reasoning in it, but not text that looks like it: there every quote is escaped, and no colon
 * follows. Some servers send the field with every chunk, empty or null.
 */
export const reasoningPattern = /"reasoning(?:_content|_details)?"\s*:(?!\s*(?:null|""|\[\]))/;

export const reasoningOf = (said: Said): string => textsOf(said).reasoning;

/** Returns whether there is reasoning to remove. */
export const hasReasoning = (said: Said): boolean =>
  Object.entries(said).some(([name, value]) => names.has(name) && !isEmpty(value));

export function withoutReasoning(said: Said): Said {
  return Object.fromEntries(Object.entries(said).filter(([name]) => !names.has(name)));
}

/** Puts text before the content. Some providers answer with a list of parts. */
export function withLead(said: Said, lead: string): Said {
  const { content } = said;
  return {
    ...said,
    content: Array.isArray(content) ? [{ type: 'text', text: lead }, ...content] : lead + (content ?? ''),
  };
}

export const openingTag = '<think>';
export const closingTag = '</think>';
