/** Removes interim answers (status 1xx) from the bytes before a provider's answer. */
export interface InterimFilter {
  /** Called when a request is sent: the next bytes may be an interim answer. */
  expectAnswer(): void;
  /** Returns the remaining bytes of a piece; undefined if none are left, or if more bytes are needed to decide. */
  take(piece: Buffer): Buffer | undefined;
  /** True if the interim heads of one answer exceed the limit. */
  readonly hasOverflowed: boolean;
}

/**
 * Works around undici, which treats an unsolicited `100 Continue` as an error, although RFC 9110 §15.2 requires clients
 * to skip it. A final answer costs one comparison; its later pieces cost none.
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

/** Classifies a head. 101 is final: another protocol follows it. */
function kindOf(head: Buffer): 'interim' | 'final' | 'unknown' {
  const known = Math.min(head.length, begin.length);
  for (let at = 0; at < known; at++) {
    if (begin[at] !== wildcard && begin[at] !== head[at]) return 'final';
  }
  if (known < begin.length) return 'unknown';
  return head.toString('latin1', codeAt, begin.length) === '01' ? 'final' : 'interim';
}
