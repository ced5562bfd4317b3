import { setImmediate as nextTurn } from 'node:timers/promises';
import { within } from '@sluice/lifecycle';
import type { OutboxWriter } from '@sluice/outbox';
import type { BodyEntry, BodyKind } from '@sluice/records';
import type { BodySeal } from './body-seal.ts';
import { mask } from './mask.ts';
import type { Shortened } from './shorten.ts';

/** The way of bodies to the database: masked and sealed before they leave the process. */
export interface BodyLog {
  /** Most bytes of a body that are kept. */
  readonly maxBytes: number;
  /** Resolves when the outbox has the body, or when that failed. */
  add(body: CopiedBody): Promise<void>;
  /** Counts a request whose bodies find no room. */
  shed(): void;
  /** Brings the last bodies to Redis, for at most this time (ms). */
  flush(timeoutMs: number): Promise<void>;
  close(): void;
}

/** A body before it is masked. */
export interface CopiedBody extends Shortened {
  /** Internal id of the request. */
  readonly id: string;
  readonly kind: BodyKind;
  /** Milliseconds since 1970. */
  readonly arrivedAt: number;
  /** Size of the whole body, as it was sent. */
  readonly sizeBytes: number;
  /** Secrets in any form: the key of the client. */
  readonly secrets: readonly string[];
}

export interface BodyLogNeeds {
  readonly maxBytes: number;
  readonly seal: Pick<BodySeal, 'close'>;
  readonly outbox: OutboxWriter<BodyEntry>;
  readonly onShed: () => void;
  readonly onError: (error: unknown) => void;
}

export function createBodyLog({ maxBytes, seal, outbox, onShed, onError }: BodyLogNeeds): BodyLog {
  let last = Promise.resolve();

  async function write({ id, kind, arrivedAt, sizeBytes, secrets, ...copy }: CopiedBody): Promise<void> {
    // Masking 256 KiB takes some ms: one body in each turn of the event loop.
    await nextTurn();
    const { text, isTruncated } = mask(copy, { maxBytes, secrets });
    const content = (await seal.close(text, { id, kind })).toString('base64');
    outbox.add({ id, kind, arrivedAt, sizeBytes, isTruncated, content });
  }

  return {
    maxBytes,
    add: (body) => (last = last.then(() => write(body)).catch(onError)),
    shed: onShed,
    async flush(timeoutMs) {
      const endsAt = performance.now() + timeoutMs;
      await within(last, timeoutMs);
      await outbox.flush(Math.max(0, endsAt - performance.now()));
    },
    close: () => outbox.close(),
  };
}
