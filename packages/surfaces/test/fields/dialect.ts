import type { ChatBody, JsonObject } from '@sluice/protocol';
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
  /** Returns the dialect's name for a field of a chat request. */
  fieldName(chatField: string): string;
  /** Fields that the gateway itself reads, or that change nothing, each with the reason. */
  readonly unsent: Readonly<Record<string, string>>;
}

export interface Translated {
  readonly chat: ChatBody;
  readonly dropped: readonly string[];
}
