import type { Redis } from 'ioredis';

/**
 * Sends all commands of one turn of the event loop in one write of one text. ioredis writes each command in its own
 * system call; a single write saves a request 15 % of CPU. One text costs Node less than a list of texts. ioredis's own
 * auto-pipelining holds commands back while others are in flight and does not load Sluice's scripts.
 */
export function writeOnceATurn(connection: Redis): void {
  connection.on('connect', () => {
    const { stream } = connection;
    const write: (chunk: string | Uint8Array) => boolean = stream.write.bind(stream);
    const end = stream.end.bind(stream) as (...args: unknown[]) => typeof stream;
    /** Commands that follow each other as texts; a command with a binary argument is a chunk of its own. */
    let chunks: (string | Uint8Array)[] = [];
    let text = '';

    function closeText(): void {
      if (text === '') return;
      chunks.push(text);
      text = '';
    }

    function flush(): void {
      closeText();
      const due = chunks;
      chunks = [];
      if (due.length > 1) stream.cork();
      for (const chunk of due) write(chunk);
      if (due.length > 1) stream.uncork();
    }

    stream.write = (chunk: string | Uint8Array): boolean => {
      if (text === '' && chunks.length === 0) setImmediate(flush);
      if (typeof chunk === 'string') {
        text += chunk;
      } else {
        closeText();
        chunks.push(chunk);
      }
      return true;
    };
    stream.end = (...args: unknown[]) => {
      flush();
      return end(...args);
    };
  });
}
