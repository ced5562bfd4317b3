import { GatewayError } from '@sluice/protocol';

/**
 * Counts the bytes of request bodies that this process holds, each from before it is read until it lies in Redis. They
 * take about four times as much memory: the bytes, their text and the parsed values.
 */
export interface BodyBudget {
  /** For one body of a client key. */
  open(keyId: string): BodyHold;
  /** Bytes that are held now. */
  readonly held: number;
  /** Bodies of this key that are held now. */
  heldBy(keyId: string): number;
}

/** The part of the budget that one body takes. */
export interface BodyHold {
  /**
   * Grows the hold to this many bytes in all. It never shrinks.
   * @throws GatewayError 503 where the process has no room for that, 429 where the key has none
   */
  grow(bytes: number): void;
  /** The most it has held. */
  bytes(): number;
  /** The body lies in Redis. */
  isStored(): boolean;
  stored(): void;
  /** The body is not held any more. Later calls do nothing. */
  release(): void;
}

export interface BodyBudgetOptions {
  readonly totalBytes: number;
  readonly perKeyBytes: number;
}

/** Most bodies are read within a second, so there is room again. */
const retryAfterMs = 1000;

export function createBodyBudget({ totalBytes, perKeyBytes }: BodyBudgetOptions): BodyBudget {
  let total = 0;
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
              message: `This API key has too many bytes of requests on their way: at most ${perKeyBytes} may be.`,
              retryAfterMs,
            });
          }
          if (total + more > totalBytes) {
            throw new GatewayError('server_overloaded', {
              message: 'The gateway holds as many bytes of requests as it may just now.',
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
  };
}
