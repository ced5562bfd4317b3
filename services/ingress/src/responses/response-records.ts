import { setTimeout as delay } from 'node:timers/promises';
import type { KeptResponses } from '@sluice/kept-answers';
import { GatewayError } from '@sluice/protocol';
import type { StoredResponse } from '@sluice/store';
import { z } from 'zod';
import type { RecordsStore } from '../records/records-store.ts';

export type ResponsePlace = Pick<StoredResponse, 'id' | 'keyId'>;

/**
 * The stored responses. Redis has each one at once, so that the next request finds it on any replica; the database keeps it.
 * Without a database a response is gone after its time in Redis.
 */
export interface ResponseRecords {
  /** Stores a response. Resolves when every replica can read it, or Redis has failed; never rejects. */
  save(response: StoredResponse): Promise<void>;
  /** @throws GatewayError 503 if the database can't answer */
  find(place: ResponsePlace): Promise<StoredResponse | undefined>;
  /** Returns false if there is no such response. */
  remove(place: ResponsePlace): Promise<boolean>;
}

export interface ResponseRecordsNeeds {
  readonly kept: KeptResponses;
  readonly records: RecordsStore;
  readonly hasDatabase: boolean;
  /** Called when a response could not be stored. */
  readonly onLost: (error: unknown) => void;
}

const bounds = { mostKeyBytes: 1024 ** 3, keepDays: 30 };
const tries = 3;
const retryDelayMs = 1000;

const objectSchema = z.record(z.string(), z.unknown());
const storedSchema = z.object({
  previousId: z.string().optional(),
  input: z.array(objectSchema),
  response: objectSchema,
});

export function createResponseRecords({ kept, records, hasDatabase, onLost }: ResponseRecordsNeeds): ResponseRecords {
  async function store(response: StoredResponse): Promise<void> {
    for (let left = tries - 1; ; left--) {
      try {
        const outcome = await records.use((db, { saveResponse }) => saveResponse(db, response, bounds));
        if (outcome === 'key_full') throw new Error(`the responses of a key have ${bounds.mostKeyBytes} bytes already`);
        return;
      } catch (error) {
        const mayRetry = error instanceof GatewayError && error.code === 'records_unavailable';
        if (!mayRetry || left === 0) throw error;
        await delay(retryDelayMs);
      }
    }
  }

  return {
    save(response) {
      const { previousId, input } = response;
      const put = kept.put(response, JSON.stringify({ previousId, input, response: response.response }));
      if (hasDatabase) store(response).catch(onLost);
      return put;
    },
    async find(place) {
      const text = await kept.get(place);
      if (text !== undefined) {
        const { previousId, ...stored } = storedSchema.parse(JSON.parse(text));
        return { ...place, previousId, ...stored };
      }
      return hasDatabase ? records.use((db, { findResponse }) => findResponse(db, place)) : undefined;
    },
    async remove(place) {
      const isKept = (await kept.get(place)) !== undefined;
      await kept.remove(place);
      const isStored = hasDatabase && (await records.use((db, { deleteResponse }) => deleteResponse(db, place)));
      return isKept || isStored;
    },
  };
}
