import type { Behaviour } from '../faults/behaviour.ts';

const words = (
  'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna ' +
  'aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea commodo consequat duis aute ' +
  'irure in reprehenderit voluptate velit esse cillum eu fugiat nulla pariatur excepteur sint occaecat cupidatat non ' +
  'proident sunt culpa qui officia deserunt mollit anim id est laborum'
).split(' ');
const tokensPerSentence = 8;

/** Two characters of three bytes and one of four bytes, which is a surrogate pair in UTF-16. */
const multiByteText = '你好😀';

/** Options on which the tokens of an answer depend. */
export interface TokenTextOptions {
  /** Makes every token `RID.SEQ `, so that a reader can detect lost, duplicated and foreign tokens. */
  readonly rid: string | undefined;
  readonly seed: number;
  readonly behaviour: Pick<Behaviour, 'padBytes' | 'isMultiByte' | 'drift'>;
}

/** Returns a function that gives the text of a token by its choice and number, from 0. */
export function createTokenText({ rid, seed, behaviour }: TokenTextOptions): (choice: number, seq: number) => string {
  const { padBytes, isMultiByte, drift } = behaviour;
  const padding = (isMultiByte ? multiByteText : '') + 'x'.repeat(padBytes);
  const own = drift === 0 ? rid : `${rid}-${drift}`;
  const ending = padding === '' ? ' ' : `.${padding} `;
  return (choice, seq) => (rid === undefined ? wordAt(seed + choice + drift, seq) : `${own}.${seq}`) + ending;
}

function wordAt(seed: number, seq: number): string {
  const mixed = Math.imul(seed ^ Math.imul(seq + 1, 0x9e3779b1), 0x85ebca6b) >>> 8;
  const word = words[mixed % words.length] ?? '';
  const place = seq % tokensPerSentence;
  if (place === 0) return word.charAt(0).toUpperCase() + word.slice(1);
  return place === tokensPerSentence - 1 ? `${word}.` : word;
}
