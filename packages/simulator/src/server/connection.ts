import type { ServerResponse } from 'node:http';

/** Sends RST once all that was written has left for the peer. */
export function resetConnection(response: ServerResponse): void {
  const { socket } = response;
  socket?.write('', () => socket.resetAndDestroy());
}

/** Sends FIN once all that was written has left, inside the body: no last chunk, no full content-length. */
export function closeConnection(response: ServerResponse): void {
  response.socket?.destroySoon();
}

/** Runs an action after a delay, or at once when there is none; never after the connection is gone. */
export function afterDelay(response: ServerResponse, delayMs: number, action: () => void): void {
  if (delayMs <= 0) {
    action();
    return;
  }
  const timer = setTimeout(action, delayMs);
  response.once('close', () => clearTimeout(timer));
}
