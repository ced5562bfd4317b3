import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { GatewayError } from '@sluice/protocol';
import type { BodyHold } from './body-budget.ts';
import type { BodySize } from './body-size.ts';

export interface ReadBodyOptions extends BodySize {
  /** Maximum size after inflation. */
  readonly maxBytes: number;
  /** Maximum ratio of inflated to received bytes, for bodies that inflate to more than 1 MiB. */
  readonly maxInflationRatio: number;
  readonly hold: BodyHold;
}

/** Inflated size below which the ratio does not apply: only short texts come near it. */
const freeInflationBytes = 1024 * 1024;
/** 8 MiB: the window that every decoder should support (RFC 8878), and the default maximum of encoders. */
const zstdWindowLog = 23;

/**
 * Reads a body to its end and inflates it. Reserves each byte in the budget before it keeps it, and stops at the first
 * byte too many.
 * @throws GatewayError if the body is too large or does not match its coding, if the budget has no room for it, or if
 *   the client has left
 */
export async function readBody(request: IncomingMessage, options: ReadBodyOptions): Promise<Buffer> {
  const { length = 0, coding, maxBytes, maxInflationRatio, hold } = options;
  if (request.destroyed) throw new GatewayError('request_cancelled');
  if (length > maxBytes) throw tooLarge(maxBytes);
  hold.grow(length);
  const inflater = coding === undefined ? undefined : createInflater(coding);
  const chunks: Buffer[] = [];
  let received = 0;
  let size = 0;

  function keep(chunk: Buffer): void {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    if (inflater !== undefined && size > Math.max(freeInflationBytes, maxInflationRatio * received)) {
      throw new GatewayError('request_too_large', {
        message: `The request body inflates to more than ${maxInflationRatio} times its size. Send it with less compression.`,
      });
    }
    hold.grow(size);
    chunks.push(chunk);
  }

  return await new Promise((resolve, reject) => {
    const source = inflater ?? request;
    const onReceived = (chunk: Buffer): void => void (received += chunk.length);
    const onChunk = (chunk: Buffer): void => {
      try {
        keep(chunk);
      } catch (error) {
        end(() => reject(error));
      }
    };
    const onEnd = (): void => end(() => resolve(Buffer.concat(chunks, size)));
    const onLeft = (): void => {
      if (!request.complete) end(() => reject(new GatewayError('request_cancelled')));
    };
    const onBroken = (cause: unknown): void =>
      end(() =>
        reject(new GatewayError('invalid_encoding', { message: `The request body is not valid ${coding}.`, cause })),
      );

    function end(settle: () => void): void {
      source.off('data', onChunk);
      source.off('end', onEnd);
      request.off('data', onReceived);
      request.off('close', onLeft);
      request.off('error', onLeft);
      // Drops the remaining body.
      if (inflater !== undefined) {
        request.unpipe(inflater);
        inflater.off('error', onBroken);
        inflater.on('error', () => undefined);
        inflater.destroy();
      }
      settle();
    }

    request.on('close', onLeft);
    request.on('error', onLeft);
    source.on('data', onChunk);
    source.on('end', onEnd);
    if (inflater !== undefined) {
      request.on('data', onReceived);
      inflater.on('error', onBroken);
      request.pipe(inflater);
    }
  });
}

/** @throws GatewayError 415 for any other coding */
function createInflater(coding: string): Transform {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLog } });
    default:
      throw new GatewayError('unsupported_media_type', {
        message: `The content-encoding "${coding.slice(0, 64)}" is not supported: send the body plain, or compressed with gzip, deflate, br or zstd.`,
      });
  }
}

const tooLarge = (maxBytes: number): GatewayError =>
  new GatewayError('request_too_large', {
    message: `The request body is too large: at most ${maxBytes} bytes are read, counted after decompression.`,
  });
