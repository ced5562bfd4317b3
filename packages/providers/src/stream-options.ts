import type { ChatBody } from './adapter.ts';

/** Returns the client's `stream_options`. */
export function streamOptions(body: ChatBody): Readonly<Record<string, unknown>> {
  const options = body['stream_options'];
  return typeof options === 'object' && options !== null ? (options as Record<string, unknown>) : {};
}

/** Returns whether the client requested the usage chunk. */
export const clientWantsUsage = (body: ChatBody): boolean => streamOptions(body)['include_usage'] === true;
