import { close, write, writeSync } from 'node:fs';

/** Appends texts to an open file, in order and without blocking. */
export interface Appender {
  /** `done` is called when the text is written, or with the error. After an error, no text is written any more. */
  write(text: string, done: (error: Error | undefined) => void): void;
  /** Characters that wait for a write. */
  readonly waiting: number;
  /** Closes the file after all texts, and then calls back. */
  end(onClosed?: () => void): void;
  /** Writes the texts that wait, before it returns. Node ends a write that is under way before the process exits. */
  flushSync(): void;
}

interface Waiting {
  readonly text: string;
  readonly done: (error: Error | undefined) => void;
}

/** @param onFailure is called with the first error */
export function createAppender(fd: number, onFailure: (error: Error) => void): Appender {
  let queue: Waiting[] = [];
  let waiting = 0;
  let failure: Error | undefined;
  let isWriting = false;
  let onceClosed: (() => void) | undefined;
  let isClosed = false;

  function pump(): void {
    if (isWriting) return;
    const batch = takeAll();
    if (batch.length > 0) {
      isWriting = true;
      return writeAll(Buffer.from(textOf(batch)), batch);
    }
    if (onceClosed === undefined || isClosed) return;
    isClosed = true;
    close(fd, onceClosed);
  }

  function takeAll(): readonly Waiting[] {
    const batch = queue;
    queue = [];
    waiting = 0;
    return batch;
  }

  function writeAll(bytes: Buffer, batch: readonly Waiting[]): void {
    write(fd, bytes, (error, written) => {
      // A disk that is nearly full takes a part.
      if (error == null && written < bytes.length) return writeAll(bytes.subarray(written), batch);
      isWriting = false;
      if (error != null) fail(error);
      for (const { done } of batch) done(error ?? undefined);
      pump();
    });
  }

  function fail(error: Error): void {
    if (failure !== undefined) return;
    failure = error;
    onFailure(error);
    for (const { done } of takeAll()) done(error);
  }

  return {
    write(text, done) {
      if (failure !== undefined) return done(failure);
      queue.push({ text, done });
      waiting += text.length;
      pump();
    },
    get waiting() {
      return waiting;
    },
    end(onClosed = () => undefined) {
      onceClosed = onClosed;
      pump();
    },
    flushSync() {
      const rest = Buffer.from(textOf(takeAll()));
      if (isClosed || failure !== undefined) return;
      try {
        for (let at = 0; at < rest.length;) at += writeSync(fd, rest, at);
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
      }
    },
  };
}

const textOf = (batch: readonly Waiting[]): string => batch.map(({ text }) => text).join('');
