import type { JsonObject } from '@sluice/protocol';

/** An event of Anthropic's streams: https://docs.claude.com/en/docs/build-with-claude/streaming */
export type MessageEvent =
  | { readonly type: 'message_start'; readonly message: JsonObject }
  | { readonly type: 'content_block_start'; readonly index: number; readonly content_block: JsonObject }
  | { readonly type: 'content_block_delta'; readonly index: number; readonly delta: JsonObject }
  | { readonly type: 'content_block_stop'; readonly index: number }
  | { readonly type: 'message_delta'; readonly delta: object; readonly usage: object }
  | { readonly type: 'message_stop' };

/** Writes events. Each has its name: SDKs tell events apart by it. */
export const writeEvents = (events: readonly MessageEvent[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

/** Event that keeps a silent stream open. Clients ignore it. */
export const pingEvent = 'event: ping\ndata: {"type":"ping"}\n\n';
