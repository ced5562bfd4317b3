import { StringDecoder } from 'node:string_decoder';

/** The newest part of what a process wrote. */
export interface OutputTail {
  /** A way in for one of its streams, which decodes by itself, so that streams can't split each other's characters. */
  writer(): (chunk: Buffer) => void;
  /** All that is kept, in the order of arrival. */
  text(): string;
}

/** Keeps at least the newest `maxLength` characters (UTF-16 units), if there are so many, and at most twice as many. */
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
