import type { ChatBody, GatewayError, JsonObject } from '@sluice/protocol';
import type { Probe } from './probe.ts';

/** A client's protocol with all fields of its requests. */
export interface Dialect {
  readonly title: string;
  /** Upstreams of these types get the client's own request. */
  readonly native: readonly string[];
  readonly probes: readonly Probe[];
  /**
   * Translates a request for upstreams of other types.
   * @throws GatewayError 400 that names the field
   */
  translate(request: JsonObject, isNative: boolean): Translated;
  /** Fields that the gateway itself reads, or that change nothing, each with the reason. */
  readonly unsent: Readonly<Record<string, string>>;
}

export interface Translated {
  readonly chat: ChatBody;
  readonly dropped: readonly string[];
}

export type Outcome = { readonly kind: 'translated'; readonly is: Translated } | { readonly kind: 'refused'; readonly error: GatewayError };
