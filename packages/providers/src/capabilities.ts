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
  /** Labels and hints that the provider gets; absent for none. */
  readonly hints?: ReadonlySet<Hint>;
}

/** Parameters that name or tag a request and do not affect the answer. */
export const labels = ['user', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention', 'metadata'] as const;

/** Something in a request that asks for nothing: a label, a mark for a cache, the size of an image, a description. */
export type Hint =
  | (typeof labels)[number]
  | 'cache_control'
  | 'tools.cache_control'
  | 'prompt_cache_breakpoint'
  | 'image_url.detail'
  | 'description';

export const allHints: ReadonlySet<Hint> = new Set<Hint>([
  ...labels,
  'cache_control',
  'tools.cache_control',
  'prompt_cache_breakpoint',
  'image_url.detail',
  'description',
]);
