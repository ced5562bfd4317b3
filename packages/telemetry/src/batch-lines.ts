import type { DestinationStream } from 'pino';

/** Destination of log lines: the part of pino's own destination that is used. */
export interface LineOutput extends DestinationStream {
  /** Writes everything before it returns. */
  flushSync(): void;
}

/** Length in characters at which the lines of a turn are written at once, so that a flood of them stays bounded. */
const longestBatch = 64 * 1024;

/**
 * Writes the lines of one turn of the event loop with one call: each call costs a system call and two hand-overs to
 * another thread. The lines keep their order. A process that is killed loses at most the lines of its last turn; one
 * that exits loses none, if it calls `flushSync` at its exit.
 */
export function batchLines(output: LineOutput): LineOutput {
  let lines = '';
  let isDue = false;

  function flush(): void {
    const text = lines;
    lines = '';
    if (text !== '') output.write(text);
  }

  function endTurn(): void {
    isDue = false;
    flush();
  }

  return {
    write(line) {
      lines += line;
      if (lines.length >= longestBatch) flush();
      if (isDue) return;
      isDue = true;
      setImmediate(endTurn);
    },
    flushSync() {
      flush();
      output.flushSync();
    },
  };
}
