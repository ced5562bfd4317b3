import type { RequestHandler } from 'express';
import { observe, type ObserveNeeds } from '../chat/observe.ts';
import { contextOf, setObservation } from '../context.ts';

/** Begins to observe a chat request, so that even one without a valid key gets its log line. */
export function record(needs: ObserveNeeds): RequestHandler {
  return (request, response, next) => {
    setObservation(response, observe(needs, request, contextOf(response)));
    next();
  };
}
