import type { RequestHandler } from 'express';
import { observe, type ObserveNeeds } from '../inference/observe/observe.ts';
import { contextOf, setObservation } from '../context.ts';

/** Starts to observe a request to a model, before its key is checked: every request gets a log line. */
export function record(needs: ObserveNeeds, route: string, operation: string): RequestHandler {
  return (request, response, next) => {
    setObservation(response, observe(needs, { request, response, context: contextOf(response), route, operation }));
    next();
  };
}
