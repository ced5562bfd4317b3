/** Calls that run, and those that have ended, until Redis knows it. Without I/O. */
export interface OpenCalls {
  open(call: OpenCall): void;
  end(id: string): void;
  /** A tenth of a second has passed: the entries of answers that have grown are due. */
  tick(): void;
  /** All entries are due: Redis may have lost them. */
  renewAll(): void;
  /** Takes the next batch: id and entry of calls that run, in turns, and ids of calls that have ended. */
  take(): { readonly kept: readonly string[]; readonly ended: readonly string[] };
  /** Redis does not know of these ends yet. */
  putBack(ended: readonly string[]): void;
  readonly hasNews: boolean;
  readonly isEmpty: boolean;
}

export interface OpenCall {
  readonly id: string;
  /** The client receives the answer while it arrives, so that its ingress counts it as well. */
  readonly isStreamed: boolean;
  /** Returns a number that grows with the answer. Called often: it must be cheap. */
  readonly progress: () => number;
  /** Returns the entry, JSON, as it would read if the process died now. */
  readonly entry: () => string;
}

/** Ticks between two entries of an answer that the client receives meanwhile: its ingress counts to the latest token. */
const streamedTicks = 10;
/** Most entries that a tick makes due, 500 a second: about 1 % of a core. With more calls, each is written less often. */
const mostOfTick = 50;
/** Most entries of a batch, which bounds the time for which one script occupies Redis. */
const mostOfBatch = 200;

interface Running {
  readonly call: OpenCall;
  /** Progress at the latest writing; undefined before it. */
  progress: number | undefined;
  /** Tick of the latest writing. */
  writtenAt: number;
}

export function createOpenCalls(): OpenCalls {
  /** Those that were written last are at the end. */
  const running = new Map<string, Running>();
  const due = new Set<string>();
  let ended: string[] = [];
  let now = 0;

  function write(id: string, kept: string[]): void {
    const each = running.get(id);
    if (each === undefined) return;
    running.delete(id);
    running.set(id, each);
    each.progress = each.call.progress();
    each.writtenAt = now;
    kept.push(id, each.call.entry());
  }

  return {
    open(call) {
      running.set(call.id, { call, progress: undefined, writtenAt: now });
      due.add(call.id);
    },

    end(id) {
      const isWritten = running.get(id)?.progress !== undefined;
      running.delete(id);
      due.delete(id);
      // A call that ends in the turn of its beginning was never written.
      if (isWritten) ended.push(id);
    },

    tick() {
      now++;
      let count = 0;
      for (const [id, { call, progress, writtenAt }] of running) {
        if (count === mostOfTick) break;
        if ((call.isStreamed && now - writtenAt < streamedTicks) || call.progress() === progress) continue;
        due.add(id);
        count++;
      }
    },

    renewAll() {
      for (const id of running.keys()) due.add(id);
    },

    take() {
      const kept: string[] = [];
      for (const id of due) {
        if (kept.length === 2 * mostOfBatch) break;
        due.delete(id);
        write(id, kept);
      }
      return { kept, ended: ended.splice(0, mostOfBatch) };
    },

    putBack(ids) {
      ended = [...ids, ...ended];
    },

    get hasNews() {
      return due.size > 0 || ended.length > 0;
    },
    get isEmpty() {
      return running.size === 0 && ended.length === 0;
    },
  };
}
