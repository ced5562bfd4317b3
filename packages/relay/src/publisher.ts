import type { FrameKind } from '@sluice/protocol';
import type { MailboxWriter } from './mailbox-writer.ts';

/** Numbers the frames of one run of one request. */
export interface Publisher {
  /** Text for the client as it is. */
  data(text: string): void;
  /** A frame with a JSON payload. */
  send(kind: Exclude<FrameKind, 'data'>, payload: unknown): void;
  isCongested(): boolean;
  onceWritable(callback: () => void): void;
}

export interface PublisherNeeds {
  readonly writer: MailboxWriter;
  /** Process id of the ingress. */
  readonly destination: string;
  readonly requestId: string;
  readonly epoch: number;
}

export function createPublisher({ writer, destination, requestId, epoch }: PublisherNeeds): Publisher {
  let seq = 0;
  function put(kind: FrameKind, data: string): void {
    if (writer.send(destination, { requestId, epoch, seq, kind, data }) === 'queued') seq++;
  }
  return {
    data: (text) => put('data', text),
    send: (kind, payload) => put(kind, JSON.stringify(payload)),
    isCongested: () => writer.isCongested(destination),
    onceWritable: (callback) => writer.onceWritable(destination, callback),
  };
}
