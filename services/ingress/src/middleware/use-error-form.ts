import type { RequestHandler } from 'express';
import { setErrorForm } from '../context.ts';
import type { ErrorForm } from './error-form.ts';

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
