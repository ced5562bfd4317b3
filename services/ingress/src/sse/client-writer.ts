import type { ServerResponse } from 'node:http';

/** Writes to one client. Pauses the source while the client is slow, and disconnects a client that stays slow. */
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
