import { eventsOf, readChunk } from '@sluice/protocol';

const microsPerDollar = 1_000_000;

/** Writes micro-dollars as dollars, exactly. */
export const toDollars = (micros: number): string =>
  `${Math.floor(micros / microsPerDollar)}.${String(micros % microsPerDollar).padStart(6, '0')}`;

/**
 * Returns the event with the cost of a stream: a chunk without choices, like OpenAI's with the usage.
 *
 * @param first first text of the stream: SDKs see one answer only if all its chunks have the same names
 */
export function costEvent(first: string | undefined, costMicros: number): string {
  const [event] = first === undefined ? [] : eventsOf(first);
  const { id, created, model } = (event && readChunk(event.data)) ?? {};
  const chunk = JSON.stringify({ id, object: 'chat.completion.chunk', created, model, choices: [] });
  return `data: ${chunk.slice(0, -1)},"sluice":{"cost_usd":${toDollars(costMicros)}}}\n\n`;
}
