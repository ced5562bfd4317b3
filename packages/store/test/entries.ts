import { type AttemptEntry, attemptId, noTokens, type RequestEntry, type RequestLog } from '@sluice/records';

/** Noon of a day. */
export const noon = Date.UTC(2026, 10, 30, 12);

export function requestEntry(changes: Partial<RequestEntry> & { readonly id: string }): RequestEntry {
  return {
    keyId: 'key-a',
    keyName: 'Key A',
    tags: [],
    operation: 'chat',
    model: 'gpt',
    stream: true,
    acceptedAt: noon,
    endedAt: noon + 1500,
    outcome: 'complete',
    status: 200,
    attempts: 1,
    inputTokens: 10,
    outputTokens: 20,
    costMicros: 100,
    estimated: false,
    settledBy: 'ingress',
    ...changes,
  };
}

export function attemptEntry(changes: Partial<AttemptEntry> & Pick<AttemptEntry, 'requestId'>): AttemptEntry {
  const { requestId, epoch = 1, number = 0 } = changes;
  return {
    id: attemptId({ requestId, epoch, number }),
    epoch,
    number,
    upstream: 'openai',
    model: 'gpt-5',
    credential: 'one',
    operation: 'chat',
    startedAt: noon + 5,
    durationMs: 1400,
    outcome: 'complete',
    tokens: { ...noTokens, fresh: 10, output: 20 },
    costMicros: 100,
    priceSource: 'genai-prices@2026-11-01',
    estimated: false,
    ...changes,
  };
}

export function requestLog(changes: Partial<RequestLog> & { readonly id: string }): RequestLog {
  return {
    publicId: `req-${changes.id}`,
    keyId: 'key-a',
    model: 'gpt',
    operation: 'chat',
    arrivedAt: noon - 2,
    durationMs: 1502,
    timeline: { auth: 1, body: 1, admission: 1, queue: 2, attempts: 500, stream: 995, relay: 2, client: 0 },
    status: 200,
    outcome: 'complete',
    ...changes,
  };
}
