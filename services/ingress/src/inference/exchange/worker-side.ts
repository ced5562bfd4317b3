import type { Frame } from '@sluice/protocol';
import type { Inbox, MailboxWriter, Roster } from '@sluice/relay';
import type { ExchangeCommand, ExchangeEvent, ExchangeState } from './exchange-events.ts';
import { createInquiry, type Inquiry } from './inquiry.ts';
import { readClaimReport, readReport } from './worker-report.ts';
import type { WorkerWatch } from './worker-watch.ts';

export type WorkerCommand = Extract<
  ExchangeCommand,
  { kind: 'expect' | 'watch_worker' | 'tell' | 'ask' | 'stop_asking' }
>;

/**
 * The workers' side of a request: receives their frames, sends them controls and probes, and watches the running one.
 */
export interface WorkerSide {
  carryOut(command: WorkerCommand, state: ExchangeState): void;
  /** Returns the time at which a worker sent the frame that is being handled, in ms since 1970 on the worker's clock. */
  sentAt(): number | undefined;
  close(): void;
}

export interface WorkerSideNeeds {
  readonly inbox: Inbox;
  readonly writer: Pick<MailboxWriter, 'send'>;
  readonly workers: WorkerWatch;
  /** All workers of the fleet: each may have claimed a run. */
  readonly roster: Pick<Roster, 'members'>;
  readonly onError: (error: unknown) => void;
}

export function createWorkerSide(
  { inbox, writer, workers, roster, onError }: WorkerSideNeeds,
  requestId: string,
  on: (event: ExchangeEvent) => void,
): WorkerSide {
  let watched: string | undefined;
  let isOver = false;
  let sentAt: number | undefined;
  const onLost = (): void => on({ kind: 'worker_lost' });
  /** Created with the first question: most requests ask none. */
  let inquiry: Inquiry | undefined;
  const subscription = inbox.subscribe(requestId, {
    onFrame(frame, origin) {
      sentAt = origin?.sentAt;
      pass(() => eventOf(frame));
      sentAt = undefined;
    },
    onGap: () => on({ kind: 'gap' }),
    onClaimKnown: (frame) => pass(() => claimEventOf(frame)),
  });

  function pass(read: () => ExchangeEvent | undefined): void {
    if (isOver) return;
    try {
      const event = read();
      if (event !== undefined) on(event);
    } catch (error) {
      onError(error);
      on({ kind: 'fail', code: 'internal_error' });
    }
  }

  function claimEventOf(frame: Frame): ExchangeEvent | undefined {
    const report = readClaimReport(frame);
    if (report.kind === 'holds') return { kind: 'holds', holds: report, received: subscription.nextSeq() };
    inquiry?.disclaimed(report.workerId);
    return undefined;
  }

  function ask(epoch: number, workerId: string | undefined): void {
    inquiry ??= createInquiry({
      requestId,
      roster,
      writer,
      onDisclaimed: () => on({ kind: 'disclaimed' }),
      onSilence: () => on({ kind: 'silence' }),
    });
    inquiry.start(epoch, workerId);
  }

  function watch(workerId: string | undefined): void {
    if (workerId === watched) return;
    if (watched !== undefined) workers.remove(watched, onLost);
    watched = workerId;
    if (workerId !== undefined) workers.add(workerId, onLost);
  }

  return {
    carryOut(command, { job: { epoch } }) {
      switch (command.kind) {
        case 'expect':
          return subscription.expect(epoch, command.seq);
        case 'watch_worker':
          return watch(command.workerId);
        case 'tell':
          writer.send(command.workerId, { requestId, epoch, seq: 0, kind: command.what, data: '' });
          return;
        case 'ask':
          return ask(epoch, command.workerId);
        case 'stop_asking':
          return inquiry?.stop();
      }
    },
    sentAt: () => sentAt,
    close() {
      isOver = true;
      inquiry?.stop();
      subscription.close();
      watch(undefined);
    },
  };
}

function eventOf(frame: Frame): ExchangeEvent | undefined {
  return frame.kind === 'data' ? { kind: 'data', text: frame.data } : readReport(frame);
}
