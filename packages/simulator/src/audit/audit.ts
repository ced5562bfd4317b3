import { type BillStatement, createBill } from '../bill/bill.ts';
import { addTokens, type AnswerTokens, noTokens, type Tokens } from '../bill/tokens.ts';
import { createCallCounter } from './call-counter.ts';
import { type CallOutcome, type CallRecord, type CallStats, momentNow } from './call-record.ts';
import { createCallRing } from './call-ring.ts';

const bodyBytesPerCall = 64 * 1024;

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
  /** Puts the call on the bill; without this, it costs nothing. */
  bill(model: string, rid: string | undefined): void;
  /** Adds tokens to the bill. */
  charge(tokens: Partial<Tokens>): void;
  /** Replaces the tokens of the answer on the bill. `isTold`: the usage of the whole call is being written. */
  settle(answer: AnswerTokens, isTold: boolean): void;
  /** Takes the call off the bill: its provider charges nothing for the error that it answered. */
  waive(): void;
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
  statement(): BillStatement;
}

/** Internal record of a call; its headers are joined on demand. */
interface Entry {
  readonly record: Draft<Omit<CallRecord, 'headers'>>;
  readonly rawHeaders: readonly string[];
  struck: boolean;
  bill: { readonly model: string; readonly rid: string; tokens: Tokens; isTold: boolean } | undefined;
}
type Draft<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** @see Audit */
export function createAudit(): Audit {
  let nextNumber = 1;
  const ring = createCallRing<Entry>();
  const counter = createCallCounter();
  const bill = createBill();
  const open = new Set<Entry>();

  function finish(entry: Entry, outcome: CallOutcome): void {
    if (!open.delete(entry)) return;
    const { record } = entry;
    const now = momentNow();
    record.outcome = outcome;
    record.endedAt = now;
    if (outcome === 'aborted') record.abortedAt = now;
    counter.ended(record.credential, outcome === 'aborted');
    if (entry.bill === undefined) return;
    const { id, at, path, credential } = record;
    bill.add({ id, at, path, credential, outcome, ...entry.bill });
  }

  return {
    begin(head) {
      const entry = newEntry(nextNumber, head);
      const { record } = entry;
      nextNumber += 1;
      ring.add(entry);
      open.add(entry);
      counter.begun(head.credential);
      return {
        id: record.id,
        isOpen: () => open.has(entry),
        setBody(body) {
          record.body = cutToBytes(body, bodyBytesPerCall);
          ring.bodyAdded(record.body.length);
        },
        describe: (details) => void Object.assign(record, details),
        answer(status) {
          record.status = status;
          counter.answered(status);
        },
        addTokens(count) {
          record.tokensSent += count;
          record.firstTokenAt ??= momentNow();
        },
        bill(model, rid = '') {
          entry.bill = { model, rid, tokens: noTokens, isTold: false };
        },
        charge(tokens) {
          if (entry.bill !== undefined) entry.bill.tokens = addTokens(entry.bill.tokens, tokens);
        },
        settle(answer, isTold) {
          if (entry.bill !== undefined)
            Object.assign(entry.bill, { tokens: { ...entry.bill.tokens, ...answer }, isTold });
        },
        waive() {
          entry.bill = undefined;
        },
        strike() {
          entry.struck = true;
        },
        end(how) {
          finish(entry, how === 'aborted' ? 'aborted' : entry.struck ? 'faulted' : 'finished');
        },
      };
    },
    calls: () => ring.inOrder().map(toRecord),
    stats: counter.stats,
    statement: bill.statement,
    cutOpen() {
      for (const entry of open) finish(entry, 'faulted');
    },
    clear() {
      ring.clear();
      bill.clear();
      counter.reset([...open].map(({ record }) => record.credential));
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
  return { record, rawHeaders, struck: false, bill: undefined };
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
