import type { AnswerState } from './scripts.ts';

/** Writes one answer while its client gets it. Never throws: an answer that can't be kept is marked as failed. */
export interface AnswerWriter {
  /** Adds events; `count` is their number. */
  write(text: string, count: number): void;
  /** Ends the answer. `head` belongs to a whole answer. */
  end(
    text: string,
    options: { readonly count: number; readonly state: 'ended' | 'failed'; readonly head?: string },
  ): void;
  /** Forgets the answer, because its request has failed before its first event. */
  drop(): void;
}

export interface AnswerWriterNeeds {
  /** Stores a batch; false if the answer belongs to another owner now. */
  readonly add: (batch: Batch) => Promise<boolean>;
  readonly drop: () => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}

/** The events of one turn, or of the time in which the batch before it was stored. */
export interface Batch {
  readonly text: string;
  /** Number of the last event. */
  readonly last: number;
  readonly state: AnswerState;
  readonly head: string;
}

/** Longest answer that is kept, in characters. */
const mostCharacters = 16 * 1024 * 1024;
const tries = 5;
const retryMs = 500;

export function createAnswerWriter({ add, drop, onError }: AnswerWriterNeeds): AnswerWriter {
  let waiting = '';
  let last = 0;
  let length = 0;
  let state: AnswerState = 'running';
  let head = '';
  let isStoring = false;
  let isOver = false;

  function schedule(): void {
    if (isStoring || isOver) return;
    isStoring = true;
    setImmediate(() => void store(tries));
  }

  /** Stores what waits; one batch is on its way at a time, so that none overtakes another. */
  async function store(left: number, batch = take()): Promise<void> {
    try {
      isOver = !(await add(batch)) || batch.state !== 'running';
    } catch (error) {
      if (left > 1) return void setTimeout(() => void store(left - 1, batch), retryMs).unref();
      // Readers notice that the answer does not grow any more: its owner has given it up.
      isOver = true;
      onError(error);
    }
    isStoring = false;
    if (!isOver && (waiting !== '' || state !== 'running')) schedule();
  }

  function take(): Batch {
    const batch = { text: waiting, last, state, head };
    waiting = '';
    head = '';
    return batch;
  }

  return {
    write(text, count) {
      if (state !== 'running') return;
      length += text.length;
      if (length > mostCharacters) {
        state = 'failed';
      } else {
        waiting += text;
        last += count;
      }
      schedule();
    },
    end(text, options) {
      if (state !== 'running') return;
      waiting += text;
      last += options.count;
      state = options.state;
      head = options.head ?? '';
      schedule();
    },
    drop() {
      if (state !== 'running' || isOver) return;
      isOver = true;
      drop().catch(onError);
    },
  };
}
