/**
 * The texts of entries between their making and Redis's acknowledgement, and for a while after it. Bounded in
 * characters, which are close enough to bytes.
 */
export interface EntryQueue {
  /** Adds a text. Returns the number of oldest texts that were dropped to make room. */
  put(text: string): number;
  /** Takes the texts of the next batch; they count as waiting until `sent` or `putBack`. */
  take(): readonly string[];
  /** Notes that Redis has the batch. */
  sent(batch: readonly string[], at: number): void;
  /** Puts a batch back in front of the others. */
  putBack(batch: readonly string[]): void;
  /** Makes the texts that Redis has acknowledged lately wait again, because Redis may have lost them. */
  repeat(at: number): void;
  /** Drops everything that waits. Returns the number of dropped texts. */
  clear(): number;
  readonly isEmpty: boolean;
}

export interface EntryQueueLimits {
  /** Most bytes that wait for Redis. */
  readonly waitingBytes: number;
  /** Most bytes that are kept after Redis has acknowledged them. */
  readonly keptBytes: number;
  /** Time (ms) for which they are kept. */
  readonly keptMs: number;
}

const batchBytes = 256 * 1024;

interface Kept {
  readonly batch: readonly string[];
  readonly bytes: number;
  readonly at: number;
}

export function createEntryQueue({ waitingBytes, keptBytes, keptMs }: EntryQueueLimits): EntryQueue {
  let waiting: string[] = [];
  let bytes = 0;
  let kept: Kept[] = [];
  let bytesKept = 0;

  /** Drops the oldest until a tenth is free: dropping one for each new one would move the whole list each time. */
  function shed(): number {
    const wanted = waitingBytes * 0.9;
    let count = 0;
    while (bytes > wanted && count < waiting.length - 1) bytes -= waiting[count++]?.length ?? 0;
    waiting.splice(0, count);
    return count;
  }

  function forget(before: number): void {
    let count = 0;
    for (const { at, bytes: size } of kept) {
      if (at > before && bytesKept <= keptBytes) break;
      bytesKept -= size;
      count++;
    }
    if (count > 0) kept.splice(0, count);
  }

  return {
    put(text) {
      waiting.push(text);
      bytes += text.length;
      return bytes > waitingBytes ? shed() : 0;
    },

    take() {
      let size = 0;
      let count = 0;
      for (const { length } of waiting) {
        if (count > 0 && size + length > batchBytes) break;
        size += length;
        count++;
      }
      bytes -= size;
      if (count < waiting.length) return waiting.splice(0, count);
      const all = waiting;
      waiting = [];
      return all;
    },

    sent(batch, at) {
      const size = sizeOf(batch);
      kept.push({ batch, bytes: size, at });
      bytesKept += size;
      forget(at - keptMs);
    },

    putBack(batch) {
      waiting = [...batch, ...waiting];
      bytes += sizeOf(batch);
    },

    repeat(at) {
      forget(at - keptMs);
      waiting = [...kept.flatMap(({ batch }) => batch), ...waiting];
      bytes += bytesKept;
      kept = [];
      bytesKept = 0;
    },

    clear() {
      const count = waiting.length;
      waiting = [];
      bytes = 0;
      return count;
    },

    get isEmpty() {
      return waiting.length === 0;
    },
  };
}

const sizeOf = (batch: readonly string[]): number => batch.reduce((sum, { length }) => sum + length, 0);
