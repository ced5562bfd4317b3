import type { FrameKind } from '@sluice/protocol';
import type { MailboxWriter } from './mailbox-writer.ts';

/** Publishes the frames of one run of one request, with their numbers. */
export interface Publisher {
  /** Sends text for the client, unchanged. */
  data(text: string): void;
  /** Sends a frame with a JSON payload. */
  send(kind: Exclude<FrameKind, 'data'>, payload: unknown): void;
  /** Returns whether the mailbox is full, or this run has used its current share of it. */
  isCongested(): boolean;
  /** Calls back once when the caller should check again. */
  onceWritable(callback: () => void): void;
}

/** A publisher with a count of its frames. */
export interface CountingPublisher extends Publisher {
  /** Number of frames sent so far. */
  readonly sent: number;
}

export interface PublisherNeeds {
  readonly writer: MailboxWriter;
  /** Process id of the ingress. */
  readonly destination: string;
  readonly requestId: string;
  readonly epoch: number;
}

/**
 * Rate limit of one run: 5 MB a second, some 20,000 tokens. A faster upstream would delay the ingress's other
 * streams.
 */
const shareBytes = 256 * 1024;
const shareEveryMs = 50;

export function createPublisher({ writer, destination, requestId, epoch }: PublisherNeeds): CountingPublisher {
  let sentBytes = 0;
  let shareEndsAt = 0;

  function put(kind: FrameKind, data: string): void {
    if (writer.send(destination, { requestId, epoch, seq: publisher.sent, kind, data }) === 'queued') {
      publisher.sent++;
    }
  }

  function hasHadItsShare(): boolean {
    if (sentBytes < shareBytes) return false;
    if (performance.now() < shareEndsAt) return true;
    sentBytes = 0;
    return false;
  }

  const publisher = {
    sent: 0,
    data(text: string): void {
      if (sentBytes === 0) shareEndsAt = performance.now() + shareEveryMs;
      sentBytes += text.length;
      put('data', text);
    },
    send: (kind: Exclude<FrameKind, 'data'>, payload: unknown): void => put(kind, JSON.stringify(payload)),
    isCongested: (): boolean => hasHadItsShare() || writer.isCongested(destination),
    onceWritable(callback: () => void): void {
      if (!hasHadItsShare()) return writer.onceWritable(destination, callback);
      setTimeout(() => writer.onceWritable(destination, callback), shareEndsAt - performance.now());
    },
  };
  return publisher;
}
