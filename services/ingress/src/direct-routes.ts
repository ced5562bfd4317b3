import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import type { ErrorRequestHandler, Express, NextFunction, Request, RequestHandler, Response } from 'express';

/** An application as `createServer` of node:http takes it. */
export interface Listener {
  readonly listener: RequestListener;
  /** Classes of the requests and responses that the listener gets. */
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse;
}

export interface DirectRoutes {
  readonly app: Express;
  /** The handlers for a POST to each path, in order. The last one answers. */
  readonly handlers: ReadonlyMap<string, readonly RequestHandler[]>;
  readonly handleError: ErrorRequestHandler;
  /** Called with an error of `handleError` itself, for the log. */
  readonly onInternal: (error: unknown) => void;
}

/**
 * Serves a POST to exactly one of these paths by its handlers; express serves all other requests. Its routers make
 * several objects for each of some fifteen layers, 12 kB a request, only to find these routes among all. It also gives
 * each request and response another prototype, which makes them slow to use: these classes begin with it.
 */
export function createListener({ app, handlers, handleError, onInternal }: DirectRoutes): Listener {
  class AppRequest extends IncomingMessage {}
  class AppResponse<Asked extends IncomingMessage = IncomingMessage> extends ServerResponse<Asked> {}
  Object.setPrototypeOf(AppRequest.prototype, prototypeOf(app, 'request'));
  Object.setPrototypeOf(AppResponse.prototype, prototypeOf(app, 'response'));
  const isRequest = (request: IncomingMessage): request is Request => request instanceof AppRequest;
  const isResponse = (response: ServerResponse): response is Response => response instanceof AppResponse;

  return {
    IncomingMessage: AppRequest,
    ServerResponse: AppResponse,
    listener(request, response) {
      const steps = request.method === 'POST' ? handlers.get(request.url ?? '') : undefined;
      if (steps === undefined || !isRequest(request) || !isResponse(response)) return app(request, response);
      request.res = response;
      request.baseUrl = '';
      run(steps, { handleError, onInternal }, request, response);
    },
  };
}

/** Returns the prototype that express gives to its requests or responses: it knows the settings of the application. */
function prototypeOf(app: Express, name: 'request' | 'response'): object | null {
  const prototype: unknown = Reflect.get(app, name);
  return typeof prototype === 'object' ? prototype : null;
}

/** Calls each handler when the one before it calls `next`, and `handleError` if one fails, as express does. */
function run(
  steps: readonly RequestHandler[],
  { handleError, onInternal }: Pick<DirectRoutes, 'handleError' | 'onInternal'>,
  request: Request,
  response: Response,
): void {
  let at = 0;
  function fail(error: unknown): void {
    try {
      void handleError(error, request, response, next);
    } catch (thrown) {
      onInternal(thrown);
      response.destroy();
    }
  }
  const next: NextFunction = (error?: unknown) => {
    if (error !== undefined) return fail(error);
    const step = steps[at++];
    if (step === undefined) return fail(new Error('no handler has answered'));
    try {
      watch(step(request, response, next), fail);
    } catch (thrown) {
      fail(thrown);
    }
  };
  next();
}

function watch(result: unknown, fail: (error: unknown) => void): void {
  if (result instanceof Promise) result.then(undefined, fail);
}
