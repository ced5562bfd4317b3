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
  /** Unsent bytes at which the client is cut off. */
  readonly cutAtBytes: number;
  /** A client that takes nothing for this long is cut off. */
  readonly stallMs: number;
  readonly onPause: () => void;
  readonly onResume: () => void;
  /** The client was too slow and has been cut off. */
  readonly onCut: () => void;
}

export function createClientWriter(options: ClientWriterOptions): ClientWriter {
  const { response } = options;
  let isPaused = false;
  let isCut = false;
  let stall: NodeJS.Timeout | undefined;

  function cut(): void {
    if (isCut) return;
    isCut = true;
    clearTimeout(stall);
    // Not an end: the client must see a broken connection, never a complete answer.
    response.destroy();
    options.onCut();
  }

  function onDrain(): void {
    clearTimeout(stall);
    stall = undefined;
    if (!isPaused) return;
    isPaused = false;
    options.onResume();
  }

  response.on('drain', onDrain);
  response.once('close', () => clearTimeout(stall));
  return {
    write(text) {
      if (isCut || response.writableEnded || response.destroyed) return;
      if (response.write(text)) return;
      stall ??= setTimeout(cut, options.stallMs);
      if (response.writableLength > options.cutAtBytes) return cut();
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
