import { type GatewayError, toEnvelope } from '@sluice/protocol';
import type { RequestHandler } from 'express';
import { setErrorForm } from '../context.ts';

/** An error as a surface answers it. */
export interface WrittenError {
  /** Status of the answer; the error's own if absent. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Gives an error the envelope of a surface. `requestId` is the one that the client gets. */
export type ErrorForm = (error: GatewayError, requestId: string) => WrittenError;

export const openAiErrors: ErrorForm = (error) => ({ body: toEnvelope(error) });

/** Gives all errors of the later handlers this form. */
export function useErrorForm(form: ErrorForm): RequestHandler {
  return (_request, response, next) => {
    setErrorForm(response, form);
    next();
  };
}

/** Gives all errors of the later handlers one form for Anthropic's clients, which send the version of its API, and leaves others. */
export function useErrorFormOfReader(form: ErrorForm): RequestHandler {
  return (request, response, next) => {
    if (request.headers['anthropic-version'] !== undefined) setErrorForm(response, form);
    next();
  };
}
