/** Takes interim answers (status 1xx) out of what a provider sends before its answer. */
export interface InterimFilter {
  /** A request goes out: what comes next may be interim. */
  expectAnswer(): void;
  /** Returns the rest of a piece; undefined if nothing is left, or if more must come before that is known. */
  take(piece: Buffer): Buffer | undefined;
  /** The interim heads of one answer are larger than they may be. */
  readonly hasOverflowed: boolean;
}

/**
 * undici treats an unsolicited `100 Continue` as an error, although RFC 9110 §15.2 wants every client to skip it. An
 * answer that is not interim costs one comparison; its later pieces cost none.
 */
export function createInterimFilter(maxBytes: number): InterimFilter {
  let isExpecting = false;
  let hasOverflowed = false;
  let dropped = 0;
  let held: Buffer | undefined;

  return {
    expectAnswer() {
      isExpecting = true;
      dropped = 0;
      held = undefined;
    },
    take(piece) {
      if (!isExpecting) return piece;
      let rest = held === undefined ? piece : Buffer.concat([held, piece]);
      held = undefined;
      while (rest.length > 0) {
        const kind = kindOf(rest);
        if (kind === 'final') {
          isExpecting = false;
          return rest;
        }
        const end = kind === 'interim' ? rest.indexOf('\r\n\r\n') : -1;
        hasOverflowed = dropped + (end < 0 ? rest.length : end + 4) > maxBytes;
        if (hasOverflowed) return undefined;
        if (end < 0) {
          held = rest;
          return undefined;
        }
        dropped += end + 4;
        rest = rest.subarray(end + 4);
      }
      return undefined;
    },
    get hasOverflowed() {
      return hasOverflowed;
    },
  };
}

const begin = Buffer.from('HTTP/1.? 1??');
const wildcard = '?'.charCodeAt(0);
const codeAt = begin.length - 2;

/** 101 is final: another protocol follows it. */
function kindOf(head: Buffer): 'interim' | 'final' | 'unknown' {
  const known = Math.min(head.length, begin.length);
  for (let at = 0; at < known; at++) {
    if (begin[at] !== wildcard && begin[at] !== head[at]) return 'final';
  }
  if (known < begin.length) return 'unknown';
  return head.toString('latin1', codeAt, begin.length) === '01' ? 'final' : 'interim';
}
