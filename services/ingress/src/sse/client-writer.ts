import type { ServerResponse } from 'node:http';

/** Writes to one client and minds whether it keeps up. */
export interface ClientWriter {
  write(text: string): void;
  /** Ends the response; what is written goes out first. */
  end(text?: string): void;
}

export interface ClientWriterOptions {
  readonly response: ServerResponse;
  /** Unsent bytes at which the source is asked to pause. */
  readonly pauseAtBytes: number;
  /** Unsent bytes that a client may have for a second; four times as many at no time. */
  readonly cutAtBytes: number;
  /** A client that takes nothing for this long is cut off. */
  readonly stallMs: number;
  readonly onPause: () => void;
  readonly onResume: () => void;
  /** The client was too slow and has been cut off. */
  readonly onCut: () => void;
}

/**
 * More than the bound may come in one turn of the event loop, before the socket had a chance to send and the source to
 * hear of the pause: only who has not caught up after this time is slow.
 */
const burstMs = 1000;
const burstFactor = 4;

export function createClientWriter(options: ClientWriterOptions): ClientWriter {
  const { response } = options;
  let isPaused = false;
  let isCut = false;
  let stall: NodeJS.Timeout | undefined;
  let burst: NodeJS.Timeout | undefined;
  const hasTooMuch = (): boolean => response.writableLength > options.cutAtBytes;

  function judgeBurst(): void {
    burst = undefined;
    if (hasTooMuch()) cut();
  }

  function cut(): void {
    if (isCut) return;
    isCut = true;
    stopTimers();
    // Not an end: the client must see a broken connection, never a complete answer.
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

  response.on('drain', onDrain);
  response.once('close', stopTimers);
  return {
    write(text) {
      if (isCut || response.writableEnded || response.destroyed) return;
      if (response.write(text)) return;
      stall ??= setTimeout(cut, options.stallMs);
      if (response.writableLength > burstFactor * options.cutAtBytes) return cut();
      if (hasTooMuch()) burst ??= setTimeout(judgeBurst, burstMs);
      if (!isPaused && response.writableLength > options.pauseAtBytes) {
        isPaused = true;
        options.onPause();
      }
    },
    end(text) {
      if (isCut || response.destroyed) return;
      response.end(text);
      if (response.writableFinished) clearTimeout(stall);
      else stall ??= setTimeout(() => response.destroy(), options.stallMs);
    },
  };
}
