import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { LaunchError } from '../bare/launch-error.mjs';

export interface CallbackOptions {
  readonly port: number;
  readonly path: string;
  /** The value that the browser must bring back. A request with another value belongs to another login. */
  readonly state: string;
}

/** The local server to which the browser brings the code of a login. */
export interface Callback {
  readonly redirectUri: string;
  /**
   * Resolves with the code.
   * @throws LaunchError when the provider refuses, or no code arrives in time
   */
  code(withinMs: number): Promise<string>;
  close(): void;
}

/** Only this machine can connect, so that no other machine sees the code. */
const host = '127.0.0.1';

/** @throws LaunchError when the port can't be opened */
export async function openCallback({ port, path, state }: CallbackOptions): Promise<Callback> {
  const arrived = Promise.withResolvers<string>();
  // It may be rejected before `code` is called; that must not count as unhandled.
  arrived.promise.catch(() => undefined);
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '/', `http://${host}`);
    if (request.method !== 'GET' || url?.pathname !== path) return answer(response, 404, 'There is nothing here.');
    const { searchParams: query } = url;
    if (query.get('state') !== state) {
      return answer(response, 400, 'This does not belong to the login that is under way. Open its address again.');
    }
    const [code, error] = [query.get('code'), query.get('error')];
    if (code !== null && code !== '' && error === null) {
      arrived.resolve(code);
      return answer(response, 200, 'Done: you may close this window. The terminal shows the result.');
    }
    arrived.reject(new LaunchError(`The provider did not log you in: ${shown(error)}.`));
    return answer(response, 400, 'The provider did not log you in.');
  });
  server.listen({ port, host, exclusive: true });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new LaunchError(describe(error, port));
  }
  return {
    redirectUri: `http://localhost:${port}${path}`,
    async code(withinMs) {
      const timer = setTimeout(() => {
        arrived.reject(new LaunchError('No login arrived within ten minutes: run the command again.'));
      }, withinMs);
      try {
        return await arrived.promise;
      } finally {
        clearTimeout(timer);
      }
    },
    close() {
      server.close();
      server.closeIdleConnections();
    },
  };
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    connection: 'close',
  });
  response.end(`${text}\n`);
}

function describe(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code === 'EADDRINUSE') {
    return `Port ${port} is in use on ${host}, and the browser has to come back there: free it, or take another with --port.`;
  }
  return `Can't listen on ${host}:${port} (${code}).`;
}

/** Returns the provider's error code if it looks like one; a forged callback could bring any text. */
const shown = (error: string | null): string => (error !== null && /^[\w .-]{1,100}$/.test(error) ? error : 'no code');
