import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Time for which a connection stays open after its answer during a drain, in ms. A client that continues at once sends its next
 * request before it sees the end of the connection, and can't tell whether it was served: without this time, a rollout failed 42 of
 * 200 such clients, some of them three times in a row. A client without CPU needs some of it too.
 */
const lingerMs = 1000;

/** The open requests of a server; ends their connections during a drain. */
export interface OpenRequests {
  readonly count: number;
  add(request: IncomingMessage, response: ServerResponse): void;
  /** Resolves when no request is open, and none may follow at once. */
  idle(): Promise<void>;
  /** From now on each connection ends soon after its last running answer. */
  endWithAnswers(): void;
}

export function createOpenRequests(): OpenRequests {
  let open = 0;
  let lingering = 0;
  let endsWithAnswers = false;
  const openOn = new WeakMap<Socket, number>();
  const idle: (() => void)[] = [];

  const isIdle = (): boolean => open === 0 && lingering === 0;
  function tellIdle(): void {
    if (isIdle()) for (const resolve of idle.splice(0)) resolve();
  }

  function endSoon(socket: Socket): void {
    lingering++;
    setTimeout(() => {
      lingering--;
      if (openOn.get(socket) === 0) socket.end();
      tellIdle();
    }, lingerMs);
  }

  return {
    get count() {
      return open;
    },
    add({ socket }, response) {
      open++;
      openOn.set(socket, (openOn.get(socket) ?? 0) + 1);
      response.once('close', () => {
        open--;
        const others = (openOn.get(socket) ?? 1) - 1;
        openOn.set(socket, others);
        // Requests that the client has pipelined behind it are answered first.
        if (endsWithAnswers && others === 0 && !socket.destroyed) endSoon(socket);
        tellIdle();
      });
    },
    idle: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
    endWithAnswers: () => void (endsWithAnswers = true),
  };
}
