import type { Redis } from 'ioredis';

/**
 * Has all commands of one turn of the event loop leave in one write. ioredis writes each by itself, a system call each;
 * together they cost a request 15 % less CPU. Its own auto-pipelining holds commands back while others are under way and
 * does not load our scripts.
 */
export function writeOnceATurn(connection: Redis): void {
  connection.on('connect', () => {
    const { stream } = connection;
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
    let isCorked = false;
    const uncork = (): void => {
      isCorked = false;
      stream.uncork();
    };
    stream.write = (...args: unknown[]) => {
      if (!isCorked) {
        isCorked = true;
        stream.cork();
        setImmediate(uncork);
      }
      return write(...args);
    };
  });
}
