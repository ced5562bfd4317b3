import { type ChatJob, firstRetryState } from '@sluice/protocol';

/** A first run of a streamed chat. */
export const jobWith = (over: Partial<ChatJob> = {}): ChatJob => ({
  requestId: `r-${Math.random().toString(36).slice(2)}`,
  epoch: 1,
  ingressId: 'i-1',
  tenant: 't',
  model: 'm',
  stream: true,
  operation: 'chat',
  state: firstRetryState,
  ...over,
});
