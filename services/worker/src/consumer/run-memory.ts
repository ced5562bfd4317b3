import type { ChatJob, Frame, Holds } from '@sluice/protocol';
import type { CountingPublisher, MailboxWriter } from '@sluice/relay';
import { runName } from './run-name.ts';

/**
 * Remembers the runs that this worker has taken, in case Redis loses its data. An ingress that has lost track of a run
 * asks all workers, and queues it again only if all disclaim it. An answer is binding: a worker does not begin a run that
 * it has disclaimed, and does not begin a run twice.
 */
export interface RunMemory {
  /** Returns undefined if the run must not begin: it began before, or was disclaimed. */
  begin(job: Pick<ChatJob, 'requestId' | 'epoch'>): BegunRun | undefined;
  /** Answers an ingress that asks for a run. The answer waits for a claim that is under way. */
  probe(frame: Pick<Frame, 'requestId' | 'epoch'>, ingressId: string): void;
}

export interface BegunRun {
  /** Notes that this worker has the run and has sent `started`. */
  claimed(publisher: Pick<CountingPublisher, 'sent'>): void;
  /** Notes that the run is over and its last frame is sent, or that it was never claimed. */
  close(): void;
}

export interface RunMemoryNeeds {
  readonly workerId: string;
  readonly writer: Pick<MailboxWriter, 'send'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Minimum time for which a run is remembered; the maximum is twice as long. An ingress asks within seconds after Redis
 * has lost its data; it waits at most 5 s for Redis to come back.
 */
const rememberMs = 60_000;

/** Stands in place of the number of frames sent: the run never began and never will. */
const disclaimed = -1;

interface Active {
  publisher: Pick<CountingPublisher, 'sent'> | undefined;
  /** Ingresses that wait for an answer. */
  readonly askers: Set<string>;
}

export function createRunMemory({ workerId, writer, now }: RunMemoryNeeds): RunMemory {
  const active = new Map<string, Active>();
  /**
   * Number of frames that a run had sent at its end, or `disclaimed`. Two maps take turns: a time stored with each of
   * some 40,000 runs a minute would make objects that the garbage collector has to move.
   */
  let recent = new Map<string, number>();
  let older = new Map<string, number>();
  let turnedAt = now();

  function remember(name: string, sent: number): void {
    forgetOld();
    recent.set(name, sent);
  }

  function forgetOld(): void {
    const sinceMs = now() - turnedAt;
    if (sinceMs < rememberMs) return;
    older = sinceMs < 2 * rememberMs ? recent : new Map();
    recent = new Map();
    turnedAt = now();
  }

  const pastOf = (name: string): number | undefined => recent.get(name) ?? older.get(name);

  function answer(
    ingressId: string,
    { requestId, epoch }: Pick<Frame, 'requestId' | 'epoch'>,
    holds?: Omit<Holds, 'workerId'>,
  ): void {
    const kind = holds === undefined ? 'disclaims' : 'holds';
    writer.send(ingressId, { requestId, epoch, seq: 0, kind, data: JSON.stringify({ workerId, ...holds }) });
  }

  return {
    begin(job) {
      const name = runName(job);
      if (active.has(name) || pastOf(name) !== undefined) return undefined;
      const run: Active = { publisher: undefined, askers: new Set() };
      active.set(name, run);
      return {
        claimed(publisher) {
          run.publisher = publisher;
          for (const asker of run.askers) answer(asker, job, { isOver: false, sent: publisher.sent });
        },
        close() {
          active.delete(name);
          if (run.publisher !== undefined) return remember(name, run.publisher.sent);
          for (const asker of run.askers) answer(asker, job);
          if (run.askers.size > 0) remember(name, disclaimed);
        },
      };
    },

    probe(frame, ingressId) {
      const name = runName(frame);
      const run = active.get(name);
      if (run !== undefined && run.publisher === undefined) return void run.askers.add(ingressId);
      if (run?.publisher !== undefined) {
        return answer(ingressId, frame, { isOver: false, sent: run.publisher.sent });
      }
      const sent = pastOf(name);
      if (sent !== undefined && sent !== disclaimed) return answer(ingressId, frame, { isOver: true, sent });
      remember(name, disclaimed);
      answer(ingressId, frame);
    },
  };
}
