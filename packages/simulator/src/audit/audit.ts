import { type CallCounts, type CallOutcome, type CallRecord, type CallStats, momentNow } from './call-record.ts';

const capacity = 20_000;
const bodyBytesPerCall = 64 * 1024;
/**
 * Size of bodies that a sweep leaves, so that bodies never take more than twice as much: 20,000 of 64 KB would take 1.3
 * GB.
 */
const bodyCharsPerSweep = 32 * 1024 * 1024;

/** Facts about a call before its body is read. */
export interface CallHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly credential: string;
  /** Alternating names and values, as node:http gives them. */
  readonly rawHeaders: readonly string[];
}

/** Details of a call from its body. */
interface CallDetails {
  readonly model: string;
  readonly stream: boolean;
  readonly conversation: string;
  readonly directives: string;
}

/** A call in progress. */
export interface OpenCall {
  readonly id: string;
  isOpen(): boolean;
  setBody(body: string): void;
  describe(details: CallDetails): void;
  answer(status: number): void;
  addTokens(count: number): void;
  /** Marks that a fault took effect: the call does not count as finished. */
  strike(): void;
  /** Ends the call as `aborted`, or as `finished` unless a fault took effect. Only the first end counts. */
  end(how: 'answered' | 'aborted'): void;
}

/** Records the last 20,000 calls and counts all. */
export interface Audit {
  begin(head: CallHead): OpenCall;
  /** Copies of the records, oldest first. */
  calls(): readonly CallRecord[];
  stats(): CallStats;
  /** Ends all open calls as `faulted`, before the simulator cuts their connections. */
  cutOpen(): void;
  clear(): void;
}

/** Internal record of a call; its headers are joined on demand. */
interface Entry {
  readonly record: Draft<Omit<CallRecord, 'headers'>>;
  readonly rawHeaders: readonly string[];
  struck: boolean;
}
type Draft<Type> = { -readonly [Key in keyof Type]: Type[Key] };
type Counter = Draft<CallCounts>;

/** @see Audit */
export function createAudit(): Audit {
  let nextNumber = 1;
  let ring: Entry[] = [];
  let ringStart = 0;
  let bodyCharsSinceSweep = 0;
  let all: Counter = { total: 0, open: 0, peakOpen: 0 };
  let aborted = 0;
  let byStatus = new Map<number, number>();
  let byCredential = new Map<string, Counter>();
  const open = new Set<Entry>();

  function keep(entry: Entry): void {
    if (ring.length < capacity) ring.push(entry);
    else {
      ring[ringStart] = entry;
      ringStart = (ringStart + 1) % capacity;
    }
  }

  function inOrder(): Entry[] {
    return [...ring.slice(ringStart), ...ring.slice(0, ringStart)];
  }

  /** Removes old bodies and keeps the newest; runs occasionally, not at each call. */
  function sweepBodies(): void {
    let kept = 0;
    for (const { record } of inOrder().toReversed()) {
      kept += record.body.length;
      if (kept > bodyCharsPerSweep) record.body = '';
    }
    bodyCharsSinceSweep = 0;
  }

  function counterOf(credential: string): Counter {
    let counter = byCredential.get(credential);
    if (!counter) {
      counter = { total: 0, open: 0, peakOpen: 0 };
      byCredential.set(credential, counter);
    }
    return counter;
  }

  function finish(entry: Entry, outcome: CallOutcome): void {
    if (!open.delete(entry)) return;
    const { record } = entry;
    const now = momentNow();
    record.outcome = outcome;
    record.endedAt = now;
    if (outcome === 'aborted') {
      record.abortedAt = now;
      aborted += 1;
    }
    all.open -= 1;
    counterOf(record.credential).open -= 1;
  }

  return {
    begin(head) {
      const entry = newEntry(nextNumber, head);
      const { record } = entry;
      nextNumber += 1;
      keep(entry);
      open.add(entry);
      enter(all);
      enter(counterOf(head.credential));
      return {
        id: record.id,
        isOpen: () => open.has(entry),
        setBody(body) {
          record.body = cutToBytes(body, bodyBytesPerCall);
          bodyCharsSinceSweep += record.body.length;
          if (bodyCharsSinceSweep > bodyCharsPerSweep) sweepBodies();
        },
        describe: (details) => void Object.assign(record, details),
        answer(status) {
          record.status = status;
          byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
        },
        addTokens(count) {
          record.tokensSent += count;
          record.firstTokenAt ??= momentNow();
        },
        strike() {
          entry.struck = true;
        },
        end(how) {
          finish(entry, how === 'aborted' ? 'aborted' : entry.struck ? 'faulted' : 'finished');
        },
      };
    },
    calls: () => inOrder().map(toRecord),
    stats: () => ({
      ...all,
      aborted,
      byStatus: Object.fromEntries(byStatus),
      byCredential: Object.fromEntries([...byCredential].map(([credential, counter]) => [credential, { ...counter }])),
    }),
    cutOpen() {
      for (const entry of open) finish(entry, 'faulted');
    },
    clear() {
      ring = [];
      ringStart = 0;
      bodyCharsSinceSweep = 0;
      aborted = 0;
      byStatus = new Map();
      all = { total: 0, open: 0, peakOpen: 0 };
      byCredential = new Map();
      for (const { record } of open) {
        carryOver(all);
        carryOver(counterOf(record.credential));
      }
    },
  };
}

function newEntry(number: number, { rawHeaders, ...head }: CallHead): Entry {
  const startedAt = momentNow();
  const record = {
    ...head,
    id: `call-${number}`,
    at: Math.floor(startedAt.wallMs),
    model: '',
    stream: false,
    body: '',
    conversation: '',
    directives: '',
    status: null,
    outcome: 'open' as const,
    tokensSent: 0,
    startedAt,
    firstTokenAt: null,
    endedAt: null,
    abortedAt: null,
  };
  return { record, rawHeaders, struck: false };
}

function enter(counter: Counter): void {
  counter.total += 1;
  carryOver(counter);
}

function carryOver(counter: Counter): void {
  counter.open += 1;
  counter.peakOpen = Math.max(counter.peakOpen, counter.open);
}

function toRecord({ record, rawHeaders }: Entry): CallRecord {
  return { ...record, headers: joinHeaders(rawHeaders) };
}

function joinHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}

/** Cuts via a Buffer, because a slice of a long string would keep the whole string in memory. */
function cutToBytes(text: string, bytes: number): string {
  return text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes
    ? text
    : Buffer.from(text).subarray(0, bytes).toString();
}
