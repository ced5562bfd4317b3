import type { Admission } from '@sluice/admission';
import type { FrameKind } from '@sluice/protocol';
import { createInbox, type Inbox, type MailboxWriter } from '@sluice/relay';
import type { IngressMetrics } from '@sluice/telemetry';

export interface RequestInboxNeeds {
  readonly writer: Pick<MailboxWriter, 'send'>;
  readonly metrics: Pick<IngressMetrics, 'relayDropped' | 'relayGap'>;
  readonly admission: Pick<Admission, 'wake' | 'displace'>;
  readonly onError: (error: unknown) => void;
}

/** Kinds of a run's last frame: after one of these, its worker does nothing more for it. */
const lastKinds: ReadonlySet<FrameKind> = new Set(['end', 'error', 'retry', 'disclaims']);

/** Passes frames to their requests, and tells the worker of an unwanted run to stop. */
export function createRequestInbox({ writer, metrics, admission, onError }: RequestInboxNeeds): Inbox {
  return createInbox({
    onDropped({ requestId, epoch, kind }, reason, origin) {
      metrics.relayDropped(reason);
      // The run was replaced, or its client has left, but the worker still makes it.
      const isUnwanted = reason !== 'repeated' && !lastKinds.has(kind);
      if (isUnwanted && origin !== undefined) {
        writer.send(origin.processId, { requestId, epoch, seq: 0, kind: 'cancel', data: '' });
      }
    },
    onGap: metrics.relayGap,
    onAdmitted: admission.wake,
    onDisplaced: admission.displace,
    onError,
  });
}
