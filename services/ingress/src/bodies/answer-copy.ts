/** Collects the answer that a client gets. */
export interface AnswerCopy {
  /**
   * Takes a piece as it is sent: a part of a whole answer, or events of a stream. Returns the number of bytes that the copy has
   * grown by; it does not grow beyond its limit.
   */
  add(piece: string): number;
  /** Takes nothing more. */
  stop(): void;
  /** Returns the copy; undefined if nothing was sent. */
  text(): string | undefined;
  /** Size of all pieces, in bytes. */
  readonly sizeBytes: number;
  /** Some part of the answer is missing. */
  readonly isCut: boolean;
}

/** Copies the text of a whole answer. */
export function copyWhole(mostBytes: number): AnswerCopy {
  const pieces: string[] = [];
  let held = 0;
  let sizeBytes = 0;
  let isCut = false;
  return {
    add(piece) {
      sizeBytes += Buffer.byteLength(piece);
      if (isCut) return 0;
      isCut = held + piece.length > mostBytes;
      const part = isCut ? piece.slice(0, mostBytes - held) : piece;
      pieces.push(part);
      held += part.length;
      return part.length;
    },
    stop: () => void (isCut = true),
    text: () => (sizeBytes === 0 ? undefined : pieces.join('')),
    get sizeBytes() {
      return sizeBytes;
    },
    get isCut() {
      return isCut;
    },
  };
}
