import { StringDecoder } from 'node:string_decoder';

/** The newest part of a process's output. */
export interface OutputTail {
  /** Returns a writer for one stream. Each has its own decoder, so that streams do not split each other's characters. */
  writer(): (chunk: Buffer) => void;
  /** Returns the kept text, in the order of arrival. */
  text(): string;
}

/** Keeps at least the newest `maxLength` characters (UTF-16 units), and at most twice as many. */
export function createOutputTail(maxLength: number): OutputTail {
  let older = '';
  let newer = '';
  return {
    writer() {
      const decoder = new StringDecoder('utf8');
      return (chunk) => {
        newer += decoder.write(chunk);
        if (newer.length < maxLength) return;
        older = newer.slice(-maxLength);
        newer = '';
      };
    },
    text: () => older + newer,
  };
}
