import { createHmac } from 'node:crypto';
import type { KeyCheckPlan } from '../adapter.ts';

const userAgent = 'iFlow-Cli';

/** Returns the headers of iFlow's own command line tool. Without a key there is no signature. */
export function cliHeaders({
  apiKey = '',
  startedAtMs,
  newId,
}: Omit<KeyCheckPlan, 'baseUrl'>): Readonly<Record<string, string>> {
  const sessionId = `session-${newId()}`;
  const signed = `${userAgent}:${sessionId}:${startedAtMs}`;
  const signature = createHmac('sha256', apiKey).update(signed).digest('hex');
  return {
    'user-agent': userAgent,
    'session-id': sessionId,
    'conversation-id': newId(),
    'x-iflow-timestamp': String(startedAtMs),
    ...(apiKey === '' ? {} : { 'x-iflow-signature': signature }),
  };
}
