import type { RequestHandler } from 'express';
import { observe, type ObserveNeeds } from '../inference/observe/observe.ts';
import { contextOf, setObservation } from '../context.ts';

/** Begins to observe a request to a model, so that even one without a valid key gets its log line. */
export function record(needs: ObserveNeeds, route: string): RequestHandler {
  return (request, response, next) => {
    setObservation(response, observe(needs, { request, context: contextOf(response), route }));
    next();
  };
}
