import type { MailboxWriter } from '@sluice/relay';
import type { WorkerWatch } from './worker-watch.ts';

/** The worker that has a request just now, if any: watched, so that its loss is heard of, and within call. */
export interface WorkerLink {
  readonly isAttached: boolean;
  readonly id: string | undefined;
  attach(workerId: string): void;
  detach(): void;
  /** Does nothing while there is no worker. */
  tell(kind: 'cancel' | 'pause' | 'resume', epoch: number): void;
}

export interface WorkerLinkNeeds {
  readonly requestId: string;
  readonly workers: WorkerWatch;
  readonly writer: MailboxWriter;
  readonly onLost: () => void;
}

export function createWorkerLink({ requestId, workers, writer, onLost }: WorkerLinkNeeds): WorkerLink {
  let workerId: string | undefined;
  function detach(): void {
    if (workerId !== undefined) workers.remove(workerId, onLost);
    workerId = undefined;
  }
  return {
    get isAttached() {
      return workerId !== undefined;
    },
    get id() {
      return workerId;
    },
    attach(id) {
      if (id !== workerId) detach();
      workerId = id;
      workers.add(id, onLost);
    },
    detach,
    tell(kind, epoch) {
      if (workerId !== undefined) writer.send(workerId, { requestId, epoch, seq: 0, kind, data: '' });
    },
  };
}
