import { type JsonObject, writeLossless } from '@sluice/protocol';

/** Writes the events of one response, numbered from 0 without gaps. */
export interface EventWriter {
  event(type: string, members: JsonObject): void;
  /** Returns the events that were written since the last call. */
  take(): string;
}

/** Random characters that hide the length of a piece of text. */
export type Obfuscate = (text: string) => string;

export function createEventWriter(): EventWriter {
  let number = 0;
  let written = '';
  return {
    event(type, members) {
      written += `event: ${type}\ndata: ${writeLossless({ type, ...members, sequence_number: number++ })}\n\n`;
    },
    take() {
      const text = written;
      written = '';
      return text;
    },
  };
}
