import { eventsOf, readChunk } from '@sluice/protocol';

/** Finds a text that is not empty in a delta or as finish reason, without parsing: quotes inside texts are escaped. */
const text = /"(?:content|reasoning_content|reasoning|refusal|arguments|finish_reason|name)"\s*:\s*"(?!")/;

/**
 * The beginning of the usual delta. A native search for it takes a tenth of the expression's time, and one for a brace a
 * third of one for a quote, of which a chunk has dozens.
 */
const usual = '{"content":"';

/**
 * Returns whether these server-sent events add anything to the answer. A chunk that only says who speaks, or has empty
 * texts, does not: servers send them to keep the connection open.
 */
export function addsContent(sse: string): boolean {
  const at = sse.indexOf(usual);
  if (at !== -1 && sse.charCodeAt(at + usual.length) !== quote) return true;
  return text.test(sse) || eventsOf(sse).some(({ data }) => hasContent(data));
}

const quote = 0x22;

function hasContent(data: string): boolean {
  const chunk = readChunk(data);
  if (chunk === undefined) return true;
  return chunk.choices.some(
    ({ delta, finish_reason: reason }) => !isEmpty(reason) || Object.entries(delta ?? {}).some(isFilledMember),
  );
}

const isFilledMember = ([name, value]: readonly [string, unknown]): boolean => name !== 'role' && !isEmpty(value);

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
