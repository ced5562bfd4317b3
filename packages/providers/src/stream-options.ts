import { type JsonObject, membersOf } from '@sluice/protocol';

/** Returns the client's `stream_options`. */
export const streamOptions = (body: JsonObject): JsonObject => membersOf(body['stream_options']);

/** Returns whether the client requested the usage chunk. */
export const clientWantsUsage = (body: JsonObject): boolean => streamOptions(body)['include_usage'] === true;
