import { createHmac } from 'node:crypto';
import type { CallPlan } from '../adapter.ts';

const userAgent = 'iFlow-Cli';

/** What a signature is made of. */
export interface SignedCall {
  readonly apiKey: string;
  readonly sessionId: string;
  /** ms since 1970. */
  readonly timestampMs: number;
}

/** The headers of iFlow's own command line tool. Without a key there is nothing to sign with. */
export function cliHeaders({ apiKey = '', startedAtMs, newId }: CallPlan): Readonly<Record<string, string>> {
  const sessionId = `session-${newId()}`;
  const signature = sign({ apiKey, sessionId, timestampMs: startedAtMs });
  return {
    'user-agent': userAgent,
    'session-id': sessionId,
    'conversation-id': newId(),
    'x-iflow-timestamp': String(startedAtMs),
    ...(apiKey === '' ? {} : { 'x-iflow-signature': signature }),
  };
}

export function sign({ apiKey, sessionId, timestampMs }: SignedCall): string {
  return createHmac('sha256', apiKey).update(`${userAgent}:${sessionId}:${timestampMs}`).digest('hex');
}
