import type { PrefillStyle } from '@sluice/rescue';

/** The abilities of a provider. Anything else is refused with a 400 naming the field, or dropped if config says so. */
export interface Capabilities {
  /**
   * Names of the request's parameters that reach the provider, beyond `model`, `messages`, `stream` and `stream_options`;
   * `any`: all of them, those that we don't know included.
   */
  readonly parameters: ReadonlySet<string> | 'any';
  /**
   * The images it takes. Where `https` is missing and `data` is there, the worker fetches the image and the adapter
   * sees a data URL.
   */
  readonly images: readonly ('https' | 'data')[];
  /** Other media that it takes: types of content parts. */
  readonly media: readonly ('input_audio' | 'file')[];
  /** The way it writes on where a last message of the assistant ends, unless config says otherwise. */
  readonly prefill: PrefillStyle | 'none';
  /** It shows its thoughts, or can be told to think. */
  readonly reasoning: boolean;
  /** It counts tokens in streams too. */
  readonly streamUsage: boolean;
}
