import type { JsonObject } from '@sluice/protocol';
import type { ResponseIdentity } from '@sluice/surfaces';

/** A request of the Responses API with everything that was stored before it. */
export interface ResponseTurn {
  readonly identity: ResponseIdentity;
  /** Called with the response at its end, to store it. */
  readonly keep: (response: JsonObject) => void;
  /** Resolves when other requests can read what `keep` stores, or after a second. Never rejects. */
  readonly settled: () => Promise<void>;
}
