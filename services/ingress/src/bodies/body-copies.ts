import type { BodyKind } from '@sluice/records';
import { type AnswerCopy, copyWhole } from './answer-copy.ts';
import type { BodyLog } from './body-log.ts';
import { maskedBeyond } from './mask.ts';
import { shorten } from './shorten.ts';
import { copyStream } from './stream-copy.ts';
import type { CopyRoom } from '../middleware/body-budget.ts';

/** Copies of one request's body and of its answer, until both are sealed. */
export interface BodyCopies {
  /** Takes a piece of the answer, as the client gets it: the whole of it, or events of a stream. */
  answered(piece: string, stream: boolean): void;
  /** Hands both to the log. Later calls do nothing. */
  close(): void;
}

export interface Copied {
  /** Internal id of the request. */
  readonly id: string;
  /** The request's body; valid UTF-8. */
  readonly body: Buffer;
  /** Secrets in any form: the key of the client. */
  readonly secrets: readonly string[];
}

export interface CopyNeeds {
  readonly log: Pick<BodyLog, 'maxBytes' | 'add' | 'shed'>;
  readonly room: CopyRoom;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Bytes of a body that are searched for long base64, as a multiple of the kept ones. */
const readFactor = 16;

/** Copies a body, and then its answer. Returns undefined if there is no room, which counts as shed. */
export function openCopies({ log, room, clock }: CopyNeeds, { id, body, secrets }: Copied): BodyCopies | undefined {
  const limits = { copied: log.maxBytes + maskedBeyond, read: readFactor * log.maxBytes };
  const arrivedAt = clock();
  const request = shorten(body, limits);
  let held = request.bytes.length;
  if (!room.take(held)) {
    log.shed();
    return undefined;
  }
  let answer: AnswerCopy | undefined;
  let isClosed = false;

  function toLog(kind: BodyKind, copy: { readonly bytes: Buffer; readonly isCut: boolean }, sizeBytes: number) {
    return log.add({ id, kind, arrivedAt, sizeBytes, secrets, ...copy });
  }

  return {
    answered(piece, stream) {
      if (isClosed) return;
      answer ??= stream ? copyStream(limits.copied) : copyWhole(limits.read);
      const grown = answer.add(piece);
      if (grown === 0) return;
      if (room.take(grown)) held += grown;
      else answer.stop();
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      const text = answer?.text();
      const added = [toLog('request', request, body.length)];
      if (answer !== undefined && text !== undefined) {
        const { bytes, isCut } = shorten(Buffer.from(text), limits);
        added.push(toLog('response', { bytes, isCut: isCut || answer.isCut }, answer.sizeBytes));
      }
      void Promise.all(added).then(() => room.give(held));
    },
  };
}
