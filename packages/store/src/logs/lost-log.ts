import type { RequestEntry, RequestLog } from '@sluice/records';

/**
 * Returns the request log of a request whose ingress was killed: what its open entry says. Its duration ends when the fleet
 * settled it, and it has no timeline.
 */
export const toLostLog = (entry: RequestEntry): RequestLog => ({
  id: entry.id,
  publicId: entry.publicId ?? entry.id,
  keyId: entry.keyId,
  keyName: entry.keyName,
  model: entry.model,
  operation: entry.operation,
  stream: entry.stream,
  arrivedAt: entry.acceptedAt,
  durationMs: Math.max(0, entry.endedAt - entry.acceptedAt),
  status: entry.status,
  outcome: 'lost',
  blame: 'gateway',
});
