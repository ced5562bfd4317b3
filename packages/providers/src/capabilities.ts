import type { PrefillStyle } from '@sluice/answers';

/**
 * Abilities of a provider. A request for anything else is refused with a 400 that names the field, or the field is
 * dropped if the configuration allows it.
 */
export interface Capabilities {
  /**
   * Request parameters that the adapter passes on, beyond `model`, `messages`, `stream` and `stream_options`; `any`:
   * all of them, unknown ones included.
   */
  readonly parameters: ReadonlySet<string> | 'any';
  /**
   * Accepted images. If `data` is present and `https` is not, the worker fetches the image and the adapter receives a
   * data URL.
   */
  readonly images: readonly ('https' | 'data')[];
  /** Other accepted media: types of content parts. */
  readonly media: readonly ('input_audio' | 'file')[];
  /** Form in which the provider continues a trailing assistant message, unless the configuration sets another. */
  readonly prefill: PrefillStyle | 'none';
  /** Set if the provider shows its reasoning, or if requests can turn reasoning on. */
  readonly reasoning: boolean;
  /** Set if the provider also reports token counts in streams. */
  readonly streamUsage: boolean;
}
