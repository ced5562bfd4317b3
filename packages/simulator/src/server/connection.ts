import type { ServerResponse } from 'node:http';

/** Sends RST after all written data has been sent to the peer. */
export function resetConnection(response: ServerResponse): void {
  const { socket } = response;
  socket?.write('', () => socket.resetAndDestroy());
}

/**
 * Sends FIN after all written data has been sent, inside the body: without the last chunk or the full content-length.
 */
export function closeConnection(response: ServerResponse): void {
  response.socket?.destroySoon();
}

/** Runs an action after a delay, or at once without one; does not run it after the connection is closed. */
export function afterDelay(response: ServerResponse, delayMs: number, action: () => void): void {
  if (delayMs <= 0) {
    action();
    return;
  }
  const timer = setTimeout(action, delayMs);
  response.once('close', () => clearTimeout(timer));
}
