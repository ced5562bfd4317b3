import type { ChatBody } from './adapter.ts';

/** Returns the client's options for its stream. */
export function streamOptions(body: ChatBody): Readonly<Record<string, unknown>> {
  const options = body['stream_options'];
  return typeof options === 'object' && options !== null ? (options as Record<string, unknown>) : {};
}

/** Did the client itself ask for the usage chunk? */
export const clientWantsUsage = (body: ChatBody): boolean => streamOptions(body)['include_usage'] === true;
