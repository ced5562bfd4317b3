import { isUtf8 } from 'node:buffer';
import { raw, type RequestHandler } from 'express';
import { GatewayError, inspectJson } from '@sluice/protocol';

/** A request body as it came and as it reads. */
export interface JsonBody {
  /** Inflated, valid UTF-8. They go into the queue as they are, not by way of a text. */
  readonly bytes: Buffer;
  readonly value: unknown;
}

const maxDepth = 64;
/** Brackets and commas outside of texts. More than any real request has; a parser that meets millions blocks everybody. */
const maxElements = 100_000;

/**
 * Reads and inflates the body up to `maxBytes`, looks at its shape and only then parses it: what is nested a thousand
 * deep parses well enough, but breaks whoever walks it afterwards.
 */
export function readJson(maxBytes: number): RequestHandler {
  const readBytes = raw({ type: () => true, limit: maxBytes, inflate: true });
  return (request, response, next) => {
    readBytes(request, response, (error?: unknown) => {
      if (error !== undefined) return next(error);
      try {
        request.body = toJson(request.body as Buffer | undefined);
        next();
      } catch (refusal) {
        next(refusal);
      }
    });
  };
}

function toJson(bytes: Buffer | undefined): JsonBody {
  if (bytes === undefined || bytes.length === 0) {
    throw new GatewayError('invalid_json', { message: 'The request has no body; a JSON object is wanted.' });
  }
  if (!isUtf8(bytes)) throw new GatewayError('invalid_encoding', { message: 'The request body is not valid UTF-8.' });
  switch (inspectJson(bytes, { maxDepth, maxElements })) {
    case 'too_deep':
      throw new GatewayError('json_too_deep', {
        message: `The request body is nested more than ${maxDepth} levels deep.`,
      });
    case 'too_many_elements':
      throw new GatewayError('request_too_large', { message: 'The request body has too many elements.' });
    case 'ok':
  }
  try {
    return { bytes, value: JSON.parse(bytes.toString('utf8')) as unknown };
  } catch (error) {
    throw new GatewayError('invalid_json', {
      message: `The request body is not valid JSON: ${error instanceof Error ? error.message.slice(0, 120) : ''}`,
      cause: error,
    });
  }
}
