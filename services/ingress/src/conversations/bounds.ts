import { GatewayError } from '@sluice/protocol';

/** Bounds of one conversation: as many messages as a request may have, and less than a request may weigh … */
export const bounds = {
  mostItems: 2000,
  mostBytes: 4 * 1024 * 1024,
  /** … and of all of one key, so that no key fills the disk for the others. */
  mostConversations: 10_000,
  mostKeyBytes: 1024 ** 3,
} as const;

/** The error of a conversation that takes no more items. */
export const full = (): GatewayError =>
  new GatewayError('array_above_max_length', {
    message: `The conversation is full: it may have ${bounds.mostItems} items and ${bounds.mostBytes} bytes. Begin another one.`,
    param: 'conversation',
  });

/** The error of a key that has all that it may have. */
export const keyFull = (): GatewayError =>
  new GatewayError('array_above_max_length', {
    message: `The conversations of a key may be ${bounds.mostConversations} and have ${bounds.mostKeyBytes} bytes. Delete some.`,
  });
