/** Pieces of a body in their order, with a bound on their bytes. */
export interface ByteQueue {
  /** True while more bytes wait than the bound allows. */
  isFull(): boolean;
  /** Adds a piece at the end. */
  push(piece: Uint8Array): void;
  /** Puts a piece back at the beginning. */
  unshift(piece: Uint8Array): void;
  /** The first piece; undefined if there is none. */
  peek(): Uint8Array | undefined;
  /** Removes the first piece. Its bytes count until they are released. */
  shift(): void;
  /** The bytes of a removed piece have been used. Returns whether this ended the state of being full. */
  release(bytes: number): boolean;
}

export function createByteQueue(maxBytes: number): ByteQueue {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  return {
    isFull: () => bytes > maxBytes,
    push(piece) {
      pieces.push(piece);
      bytes += piece.length;
    },
    unshift(piece) {
      pieces.unshift(piece);
      bytes += piece.length;
    },
    peek: () => pieces[0],
    shift: () => void pieces.shift(),
    release(used) {
      const wasFull = bytes > maxBytes;
      bytes -= used;
      return wasFull && bytes <= maxBytes;
    },
  };
}
