import type { CallPlan } from '@sluice/providers';

/** A plan of a provider call, for tests of adapters. */
export const plan = (over: Partial<CallPlan> = {}): CallPlan => ({
  model: 'upstream-model',
  baseUrl: 'http://upstream.example/v1',
  apiKey: 'key',
  stream: true,
  reportStreamUsage: true,
  requestId: 'request',
  startedAtMs: 1_700_000_000_000,
  newId: () => '00000000-0000-4000-8000-000000000000',
  keepsThinkingMarkup: false,
  ...over,
});
