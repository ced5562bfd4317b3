import { GatewayError } from '@sluice/protocol';

/**
 * Bounds the bytes of request bodies that this process holds. A body counts from before it is read until Redis has it.
 * Its memory is about four times its size: the bytes, their text and the parsed values.
 */
export interface BodyBudget {
  /** Opens the hold of one body of a client key. */
  open(keyId: string): BodyHold;
  /** Bytes that all holds and copies have now. */
  readonly held: number;
  /** Number of open holds of this key. */
  heldBy(keyId: string): number;
  /** Room for copies for the records, which no client waits for: at most a quarter of the budget. */
  readonly copies: CopyRoom;
}

export interface CopyRoom {
  /** Takes this many bytes. Returns false if there is no room. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** The part of the budget that one body takes. */
export interface BodyHold {
  /**
   * Grows the hold to this many bytes in total. It never shrinks.
   * @throws GatewayError 503 if the budget of the process is used up, 429 if that of the key is
   */
  grow(bytes: number): void;
  /** Size that the hold has reached. */
  bytes(): number;
  /** True if the body lies in Redis. */
  isStored(): boolean;
  /** Marks the body as stored in Redis, and releases the hold. */
  stored(): void;
  /** Gives the bytes back to the budget. Later calls do nothing. */
  release(): void;
}

export interface BodyBudgetOptions {
  readonly totalBytes: number;
  readonly perKeyBytes: number;
}

/** Most bodies are read within a second; then there is room again. */
const retryAfterMs = 1000;

export function createBodyBudget({ totalBytes, perKeyBytes }: BodyBudgetOptions): BodyBudget {
  let total = 0;
  let copied = 0;
  const perKey = new Map<string, { bytes: number; bodies: number }>();
  return {
    open(keyId) {
      const own = perKey.get(keyId) ?? { bytes: 0, bodies: 0 };
      perKey.set(keyId, own);
      own.bodies++;
      let held = 0;
      let isReleased = false;
      let isStored = false;
      function release(): void {
        if (isReleased) return;
        isReleased = true;
        own.bytes -= held;
        total -= held;
        if (--own.bodies === 0) perKey.delete(keyId);
      }
      return {
        grow(bytes) {
          const more = bytes - held;
          if (more <= 0 || isReleased) return;
          if (own.bytes + more > perKeyBytes) {
            throw new GatewayError('concurrency_limit_exceeded', {
              message: `This API key sends more than ${perKeyBytes} bytes of bodies at once. Send fewer requests at once.`,
              retryAfterMs,
            });
          }
          if (total + more > totalBytes) {
            throw new GatewayError('server_overloaded', {
              message: 'The request bodies that the gateway is reading use up its memory budget. Try again later.',
              retryAfterMs,
            });
          }
          held = bytes;
          own.bytes += more;
          total += more;
        },
        bytes: () => held,
        isStored: () => isStored,
        stored() {
          isStored = true;
          release();
        },
        release,
      };
    },
    get held() {
      return total;
    },
    heldBy: (keyId) => perKey.get(keyId)?.bodies ?? 0,
    copies: {
      take(bytes) {
        if (copied + bytes > totalBytes / 4 || total + bytes > totalBytes) return false;
        copied += bytes;
        total += bytes;
        return true;
      },
      give(bytes) {
        copied -= bytes;
        total -= bytes;
      },
    },
  };
}
