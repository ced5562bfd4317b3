import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ChatJob } from '@sluice/protocol';
import { createSeal, deriveKey } from '@sluice/redis';

/**
 * Protects requests in Redis. With the operator's secret, bodies and delivered texts are encrypted, and jobs carry a
 * MAC that distinguishes an ingress's jobs from forged ones. Without a secret everything is stored in plain text.
 */
export interface JobSeal {
  closeBody(body: Buffer, requestId: string): Buffer;
  openBody(stored: Buffer, requestId: string): Opened;
  /** @param delivered JSON, or empty */
  closeDelivered(delivered: string, run: RunName): string;
  openDelivered(stored: string, run: RunName): Opened;
  /** Returns the job with its MAC, in the form stored in the queue. */
  sign(job: ChatJob): object;
  /** Returns whether an ingress with the same secret has signed this data. */
  isGenuine(data: unknown): boolean;
}

type RunName = Pick<ChatJob, 'requestId' | 'epoch'>;

export type Opened =
  | { readonly kind: 'open'; readonly text: string }
  /** `reason` tells the operator the cause and the remedy. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Prefix of an encrypted body or text. JSON never starts with it. */
const mark = Buffer.from('s1.');

const open = (text: string): Opened => ({ kind: 'open', text });
const unreadable = (reason: string): Opened => ({ kind: 'unreadable', reason });
const noSecret = unreadable(
  'it is encrypted, but this worker has no SLUICE_SECRET_KEY; set the same key as on the ingresses',
);
const notSealed = unreadable(
  'it is not encrypted, but this worker has a SLUICE_SECRET_KEY; set the same key on all ingresses',
);
const wrongSecret = unreadable(
  'decryption failed: the ingress has a different SLUICE_SECRET_KEY, or another process wrote to Redis',
);

export function createJobSeal(secret: string | undefined): JobSeal {
  return secret === undefined ? withoutSecret : withSecret(secret);
}

const isMarked = (stored: Buffer): boolean => stored.subarray(0, mark.length).equals(mark);

const withoutSecret: JobSeal = {
  closeBody: (body) => body,
  openBody: (stored) => (isMarked(stored) ? noSecret : open(stored.toString('utf8'))),
  closeDelivered: (delivered) => delivered,
  openDelivered: (stored) => (stored.startsWith(mark.toString()) ? noSecret : open(stored)),
  sign: (job) => job,
  isGenuine: () => true,
};

function withSecret(secret: string): JobSeal {
  const seal = createSeal(secret, 'sluice queued requests');
  const macKey = deriveKey(secret, 'sluice queued jobs');
  // The body is stored once for all runs of its request, the delivered text for one run.
  const bodyPlace = (requestId: string): string => `body/${requestId}`;
  const deliveredPlace = ({ requestId, epoch }: RunName): string => `delivered/${requestId}/${epoch}`;

  function openAt(stored: Buffer, place: string): Opened {
    if (!isMarked(stored)) return notSealed;
    const opened = seal.open(stored.subarray(mark.length), place);
    return opened === undefined ? wrongSecret : open(opened.toString('utf8'));
  }

  /**
   * Computes the MAC over the JSON with all its fields: a newer ingress may write fields that an older worker lacks.
   */
  function macOf(job: object): Buffer {
    return createHmac('sha256', macKey).update(JSON.stringify(job)).digest();
  }

  return {
    closeBody: (body, requestId) => Buffer.concat([mark, seal.close(body, bodyPlace(requestId))]),
    openBody: (stored, requestId) => openAt(stored, bodyPlace(requestId)),
    closeDelivered(delivered, run) {
      if (delivered === '') return '';
      return mark.toString() + seal.close(Buffer.from(delivered), deliveredPlace(run)).toString('base64url');
    },
    openDelivered(stored, run) {
      if (stored === '') return open('');
      const bytes = Buffer.from(stored.slice(mark.length), 'base64url');
      return openAt(Buffer.concat([Buffer.from(stored.slice(0, mark.length)), bytes]), deliveredPlace(run));
    },
    sign: (job) => ({ ...job, mac: macOf(job).toString('base64url') }),
    isGenuine(data) {
      if (typeof data !== 'object' || data === null || !('mac' in data)) return false;
      const { mac, ...job } = data;
      if (typeof mac !== 'string') return false;
      const given = Buffer.from(mac, 'base64url');
      const right = macOf(job);
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
}
