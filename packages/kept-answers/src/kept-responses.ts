import { createSeal, type Keys, type RedisConnection } from '@sluice/redis';

/** A response that any replica can read as soon as its client has it. */
export interface KeptResponses {
  /** Keeps a value under the id of a response, for its owner. Never rejects: a failure is reported. */
  put(place: ResponsePlace, value: string): Promise<void>;
  /** Returns undefined for a response of another owner, and after its time. */
  get(place: ResponsePlace): Promise<string | undefined>;
  remove(place: ResponsePlace): Promise<void>;
}

export interface ResponsePlace {
  readonly id: string;
  readonly keyId: string;
}

export interface KeptResponsesNeeds {
  readonly connection: RedisConnection;
  readonly keys: Pick<Keys, 'keptResponse'>;
  /** Time to live, in ms. */
  readonly keepMs: number;
  /** The operator's secret; without one values are stored in plain text, as queued requests are. */
  readonly secret: string | undefined;
  readonly onError: (error: unknown) => void;
}

/** Longest value, in bytes: larger ones are in the database alone. */
const mostBytes = 4 * 1024 * 1024;

export function createKeptResponses(needs: KeptResponsesNeeds): KeptResponses {
  const { connection, keys, keepMs, secret, onError } = needs;
  const seal = secret === undefined ? undefined : createSeal(secret, 'sluice kept responses');
  // The owner is a part of the name, so that the id of another key's response names nothing.
  const nameOf = ({ id, keyId }: ResponsePlace): string => keys.keptResponse(keyId, id);

  return {
    async put(place, value) {
      const bytes = Buffer.from(value);
      if (bytes.length > mostBytes) return;
      const name = nameOf(place);
      try {
        await connection.set(name, seal?.close(bytes, name) ?? bytes, 'PX', keepMs);
      } catch (error) {
        onError(error);
      }
    },
    async get(place) {
      const name = nameOf(place);
      const stored = await connection.getBuffer(name);
      if (stored === null) return undefined;
      return seal === undefined ? stored.toString('utf8') : seal.open(stored, name)?.toString('utf8');
    },
    async remove(place) {
      await connection.del(nameOf(place));
    },
  };
}
