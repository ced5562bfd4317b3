import type { Admission } from '@sluice/admission';
import type { FrameKind } from '@sluice/protocol';
import type { ConnectionRole, Keys, RedisConnection } from '@sluice/redis';
import {
  createInbox,
  createMailboxReader,
  createMailboxWriter,
  type Inbox,
  type MailboxReader,
  type MailboxWriter,
} from '@sluice/relay';
import type { IngressMetrics } from '@sluice/telemetry';

export interface MailboxesNeeds {
  readonly open: (role: ConnectionRole) => RedisConnection;
  /** A connection of the `command` role. */
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly ingressId: string;
  readonly isCluster: boolean;
  readonly metrics: Pick<IngressMetrics, 'relayDropped' | 'relayGap' | 'relayRead'>;
  readonly admission: Pick<Admission, 'wake' | 'displace'>;
  /** Called with the id of a worker whose mailbox is gone. */
  readonly onGone: (workerId: string) => void;
  /** Redis has lost its data. */
  readonly onRestored: () => void;
  readonly onError: (error: unknown) => void;
}

/** Reads the two mailboxes of an ingress, and writes to those of the workers. */
export interface Mailboxes {
  readonly writer: MailboxWriter;
  readonly inbox: Inbox;
  readonly reader: MailboxReader;
}

/** Kinds of a run's last frame: after one of these, its worker does nothing more for it. */
const lastKinds: ReadonlySet<FrameKind> = new Set(['end', 'error', 'retry', 'disclaims']);

export function createMailboxes(needs: MailboxesNeeds): Mailboxes {
  const { open, connection, keys, ingressId, metrics, admission, onError } = needs;
  const writer = createMailboxWriter({
    connection: open('writer'),
    processId: ingressId,
    mailboxKey: keys.mailbox,
    onGone: needs.onGone,
    onError,
    now: Date.now,
  });
  const inbox = createInbox({
    onDropped({ requestId, epoch, kind }, reason, origin) {
      metrics.relayDropped(reason);
      // The worker still makes a run that another run has replaced, or whose client has left: it is told to stop.
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
  const reader = createMailboxReader({
    connectBlocking: () => open('blocking'),
    connection,
    mailboxKeys: [keys.mailbox(ingressId), keys.admissionMailbox(ingressId)],
    isCluster: needs.isCluster,
    onRestored: needs.onRestored,
    onFrames(frames, origin) {
      metrics.relayRead(frames.length, origin === undefined ? undefined : Math.max(0, Date.now() - origin.sentAt));
      inbox.deliver(frames, origin);
    },
    onError,
  });
  return { writer, inbox, reader };
}
