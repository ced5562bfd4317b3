import type { UpstreamFailure } from '@sluice/protocol';
import type { ProviderAdapter } from '../adapter.ts';

/** The form of a server's errors, for providers whose errors differ from OpenAI's. */
export interface ErrorEnvelope {
  /** Describes an answer with a status other than 2xx. */
  readonly toFailure: ProviderAdapter['toFailure'];
  /**
   * Returns the failure that a text with status 200 stands for: an event without choices, a whole answer, or a list of
   * embeddings; undefined for any other text. Default: only OpenAI's form is known.
   */
  readonly errorOf?: ((text: string) => UpstreamFailure | undefined) | undefined;
}
