import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';

/** Turns the bytes of a body into text; pieces may end within a character. */
export interface BodyDecoder {
  /** Decodes a piece. Throws if the bytes are not text, unless the decoder is lenient. */
  decode(piece?: Uint8Array): string;
}

/**
 * Reads a body in the charset of its content type, if that charset is supported; else in UTF-8.
 *
 * @param isLenient replaces invalid bytes with U+FFFD
 */
export function createBodyDecoder(contentType: string | undefined, isLenient: boolean): BodyDecoder {
  const named = decoderOf(charset.exec(contentType ?? '')?.[1], isLenient);
  if (named?.encoding === 'windows-1252') return createGuessingDecoder(named);
  const decoder = named ?? new TextDecoder('utf-8', { fatal: !isLenient });
  return decoder.encoding === 'utf-8' ? inWholePieces(decoder) : inPieces(decoder);
}

const charset = /;\s*charset\s*=\s*["']?([^\s;"']+)/i;

function decoderOf(label: string | undefined, isLenient: boolean): TextDecoder | undefined {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label, { fatal: !isLenient });
  } catch {
    // The Encoding standard has no such label.
    return undefined;
  }
}

const inPieces = (decoder: TextDecoder): BodyDecoder => ({
  decode: (piece) => (piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true })),
});

/**
 * Nearly every piece of a stream holds whole characters. To check and copy such a piece takes two thirds of the time of a
 * decoder that keeps the start of a character for the next piece.
 */
function inWholePieces(decoder: TextDecoder): BodyDecoder {
  // The decoder gets the first piece: only there a byte order mark is dropped.
  let isWhole = false;
  return {
    decode(piece) {
      if (piece === undefined) return decoder.decode();
      const endsWhole = (piece[piece.length - 1] ?? notAscii) < notAscii;
      if (isWhole && endsWhole && isUtf8(piece)) return asBuffer(piece).toString();
      isWhole = endsWhole;
      return decoder.decode(piece, { stream: true });
    },
  };
}

/** Bytes from this value on are parts of longer characters. */
const notAscii = 0x80;

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Old servers declare ISO-8859-1 or US-ASCII by habit and send UTF-8. The decoder reads UTF-8 up to the first invalid
 * bytes; a text of more than a few words in ISO-8859-1 is never valid UTF-8 by chance.
 */
function createGuessingDecoder(named: TextDecoder): BodyDecoder {
  const utf8 = inPieces(new TextDecoder('utf-8', { fatal: true }));
  /** Start of an incomplete character, at most 3 bytes. */
  let begun: Uint8Array = new Uint8Array();
  let isUtf8 = true;

  function switchOver(piece: Uint8Array): string {
    isUtf8 = false;
    return named.decode(Buffer.concat([begun, piece]), { stream: true });
  }

  return {
    decode(piece) {
      if (!isUtf8) return named.decode(piece, { stream: piece !== undefined });
      try {
        const text = utf8.decode(piece);
        if (piece !== undefined) begun = unfinished(begun, piece);
        return text;
      } catch {
        return switchOver(piece ?? new Uint8Array());
      }
    },
  };
}

/** Returns the incomplete character at the end of valid UTF-8, for the next piece. */
function unfinished(begun: Uint8Array, piece: Uint8Array): Uint8Array {
  const bytes = piece.length < 4 ? Buffer.concat([begun, piece]) : piece;
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return new Uint8Array();
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? bytes.slice(bytes.length - back) : new Uint8Array();
    }
  }
  return new Uint8Array();
}
