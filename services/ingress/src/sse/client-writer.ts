import type { ServerResponse } from 'node:http';

/**
 * Writes to one client. Pauses the source while the client is slow, and disconnects a client that stays slow.
 *
 * The texts of one turn of the event loop leave as one chunk: Node makes three writes for each chunk, and one entry of
 * the mailbox has many texts under load.
 */
export interface ClientWriter {
  write(text: string): void;
  /** Ends the response after everything that has been written. */
  end(text?: string): void;
}

export interface ClientWriterOptions {
  readonly response: ServerResponse;
  /** Unsent bytes at which the source is asked to pause. */
  readonly pauseAtBytes: number;
  /** Unsent bytes at which the client is disconnected: if exceeded for 1 s, or fourfold at any time. */
  readonly cutAtBytes: number;
  /** A client that takes nothing for this time is disconnected. */
  readonly stallMs: number;
  readonly onPause: () => void;
  readonly onResume: () => void;
  /** Called when a client was disconnected because it was too slow. */
  readonly onCut: () => void;
}

/**
 * Time in which a client must catch up with a burst. One turn of the event loop can bring more than the bound, before
 * the socket sends and the pause reaches the source.
 */
const burstMs = 1000;
const burstFactor = 4;
/** Length in characters at which the texts of a turn are sent at once, so that a slow client is noticed. */
const longestChunk = 16 * 1024;

export function createClientWriter(options: ClientWriterOptions): ClientWriter {
  const { response } = options;
  let isPaused = false;
  let isCut = false;
  let stall: NodeJS.Timeout | undefined;
  let burst: NodeJS.Timeout | undefined;
  let waiting = '';
  let isFlushDue = false;
  const hasTooMuch = (): boolean => response.writableLength > options.cutAtBytes;

  function judgeBurst(): void {
    burst = undefined;
    if (hasTooMuch()) cut();
  }

  function cut(): void {
    if (isCut) return;
    isCut = true;
    stopTimers();
    // The client must see a broken connection, never a complete answer.
    response.destroy();
    options.onCut();
  }

  function stopTimers(): void {
    clearTimeout(stall);
    clearTimeout(burst);
    stall = undefined;
    burst = undefined;
  }

  function onDrain(): void {
    stopTimers();
    if (!isPaused) return;
    isPaused = false;
    options.onResume();
  }

  function flush(): void {
    isFlushDue = false;
    const text = waiting;
    waiting = '';
    if (text === '' || isCut || response.writableEnded || response.destroyed) return;
    if (response.write(text)) return;
    stall ??= setTimeout(cut, options.stallMs);
    if (response.writableLength > burstFactor * options.cutAtBytes) return cut();
    if (hasTooMuch()) burst ??= setTimeout(judgeBurst, burstMs);
    if (!isPaused && response.writableLength > options.pauseAtBytes) {
      isPaused = true;
      options.onPause();
    }
  }

  response.on('drain', onDrain);
  response.once('close', stopTimers);
  return {
    write(text) {
      waiting += text;
      if (waiting.length >= longestChunk) return flush();
      if (isFlushDue) return;
      isFlushDue = true;
      process.nextTick(flush);
    },
    end(text = '') {
      const last = waiting + text;
      waiting = '';
      if (isCut || response.destroyed) return;
      response.end(last);
      if (response.writableFinished) clearTimeout(stall);
      else stall ??= setTimeout(() => response.destroy(), options.stallMs);
    },
  };
}
