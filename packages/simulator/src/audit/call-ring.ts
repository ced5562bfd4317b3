/** Keeps the latest entries, oldest first. */
export interface CallRing<Entry> {
  add(entry: Entry): void;
  inOrder(): Entry[];
  /** Notes that a body of this length was stored; removes old bodies now and then, not at each call. */
  bodyAdded(chars: number): void;
  clear(): void;
}

interface WithBody {
  readonly record: { body: string };
}

const capacity = 20_000;
/**
 * Size of bodies that a sweep leaves, so that bodies never take more than twice as much: 20,000 of 64 KB would take 1.3
 * GB.
 */
const bodyCharsPerSweep = 32 * 1024 * 1024;

export function createCallRing<Entry extends WithBody>(): CallRing<Entry> {
  let ring: Entry[] = [];
  let start = 0;
  let bodyCharsSinceSweep = 0;

  const inOrder = (): Entry[] => [...ring.slice(start), ...ring.slice(0, start)];

  /** Removes old bodies and keeps the newest. */
  function sweepBodies(): void {
    let kept = 0;
    for (const { record } of inOrder().toReversed()) {
      kept += record.body.length;
      if (kept > bodyCharsPerSweep) record.body = '';
    }
    bodyCharsSinceSweep = 0;
  }

  return {
    add(entry) {
      if (ring.length < capacity) ring.push(entry);
      else {
        ring[start] = entry;
        start = (start + 1) % capacity;
      }
    },
    inOrder,
    bodyAdded(chars) {
      bodyCharsSinceSweep += chars;
      if (bodyCharsSinceSweep > bodyCharsPerSweep) sweepBodies();
    },
    clear() {
      ring = [];
      start = 0;
      bodyCharsSinceSweep = 0;
    },
  };
}
