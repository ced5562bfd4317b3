import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { type Coding, codingsOf } from './coding/content-codings.ts';
import { createInflate, inflateLeniently } from './coding/inflate.ts';
import { type BodyDecoder, createBodyDecoder } from './coding/text-decoder.ts';

/** Turns the bytes of one answer's body into text. */
export interface Body {
  write(piece: Uint8Array): void;
  /** @param isCut the connection broke before the body was complete */
  end(isCut: boolean): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface BodyNeeds {
  onText(text: string): void;
  /** Called after all received text was passed on. */
  onEnd(isCut: boolean): void;
  onFailure(failure: UpstreamFailure): void;
  /** Stops reading from the provider. */
  pauseWire(): void;
  resumeWire(): void;
}

/** Creates the body of a successful answer: bytes that do not match the headers are a failure. */
export function createBody(headers: ResponseHead['headers'], needs: BodyNeeds): Body {
  const found = codingsOf(headers);
  const onFailure = (failure: UpstreamFailure): void => needs.onFailure(failure);
  if (found.kind === 'unknown') return createUnknownBody(found.name, onFailure);
  const plain = new PlainBody(createBodyDecoder(headers['content-type'], false), needs);
  if (found.codings.length === 0) return plain;
  const inflate = createInflate({
    codings: found.codings,
    next: { write: (piece) => plain.write(piece), end: (isCut) => plain.end(isCut) },
    onFailure,
    onDrain: () => needs.resumeWire(),
  });
  return {
    write(piece) {
      inflate.write(piece);
      if (inflate.isFull()) needs.pauseWire();
    },
    end: inflate.end,
    // A paused inflater fills up, and a full one pauses the connection.
    pause: inflate.pause,
    resume: inflate.resume,
    destroy: inflate.destroy,
  };
}

/** A body without compression. */
class PlainBody implements Body {
  private readonly decoder: BodyDecoder;
  private readonly needs: BodyNeeds;

  constructor(decoder: BodyDecoder, needs: BodyNeeds) {
    this.decoder = decoder;
    this.needs = needs;
  }

  write(piece: Uint8Array): void {
    this.pass(piece);
  }

  end(isCut: boolean): void {
    if (isCut || this.pass()) this.needs.onEnd(isCut);
  }

  pause(): void {
    this.needs.pauseWire();
  }

  resume(): void {
    this.needs.resumeWire();
  }

  // There is nothing to release.
  destroy(): void {}

  /** Passes the text of a piece on, or of the end; returns false if it is not text. */
  private pass(piece?: Uint8Array): boolean {
    let text;
    try {
      text = this.decoder.decode(piece);
    } catch {
      this.needs.onFailure(notText);
      return false;
    }
    if (text !== '') this.needs.onText(text);
    return true;
  }
}

const notText: UpstreamFailure = {
  kind: 'malformed',
  message:
    "The provider's answer is not valid text in its charset, which is UTF-8 unless its content-type names another.",
};

/** Creates a body with an unknown compression; it fails with its first byte, or its end. */
function createUnknownBody(name: string, onFailure: (failure: UpstreamFailure) => void): Body {
  const message = `The provider's answer has an unknown compression: content-encoding "${name.slice(0, 60)}".`;
  const fail = (): void => onFailure({ kind: 'malformed', message });
  const nothing = (): undefined => undefined;
  return { write: fail, end: fail, pause: nothing, resume: nothing, destroy: nothing };
}

/** Maximum of bytes read from an error's body, both compressed and decompressed: enough for any message. */
const mostErrorBytes = 64 * 1024;

/**
 * Creates the body of an error. It never fails and returns all readable text, because status and headers are enough to
 * classify the failure.
 */
export function createErrorBody(headers: ResponseHead['headers'], needs: Pick<BodyNeeds, 'onText' | 'onEnd'>): Body {
  const decoder = createBodyDecoder(headers['content-type'], true);
  const found = codingsOf(headers);
  const tell = (bytes?: Uint8Array): void => {
    const text = decoder.decode(bytes);
    if (text !== '') needs.onText(text);
  };
  const nothing = (): undefined => undefined;
  const idle = { pause: nothing, resume: nothing };
  if (found.kind === 'known' && found.codings.length === 0) {
    return {
      ...idle,
      write: tell,
      end(isCut) {
        tell();
        needs.onEnd(isCut);
      },
      destroy: nothing,
    };
  }

  let pieces: Uint8Array[] = [];
  let bytes = 0;
  let isEnding = false;
  async function end(isCut: boolean): Promise<void> {
    if (isEnding) return;
    isEnding = true;
    const body = Buffer.concat(pieces);
    const inflated = found.kind === 'known' ? await inflateError(body, found.codings) : undefined;
    const text = inflated ?? (isText(body) ? body : undefined);
    if (text !== undefined) tell(text);
    tell();
    needs.onEnd(isCut);
  }
  return {
    ...idle,
    write(piece) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > mostErrorBytes) void end(true);
    },
    end: (isCut) => void end(isCut),
    destroy() {
      pieces = [];
      isEnding = true;
    },
  };
}

const inflateError = (body: Buffer, codings: readonly Coding[]): Promise<Buffer | undefined> =>
  inflateLeniently(body.subarray(0, mostErrorBytes), codings, mostErrorBytes);

/** Returns whether the bytes are plain text: some servers and proxies declare a compression that they do not apply. */
function isText(bytes: Uint8Array): boolean {
  try {
    // oxlint-disable-next-line no-control-regex -- control characters that texts do not contain
    return !/[\0-\x08\x0e-\x1a]/.test(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return false;
  }
}
