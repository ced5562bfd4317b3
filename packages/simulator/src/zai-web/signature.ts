import { createHmac } from 'node:crypto';

/** Constants from the page's public script. */
const rootKeys = { older: 'junjie', newer: 'key-@@@@)))()((9))-xxxx&&&%%%%%' };
const windowMs = 5 * 60 * 1000;

export interface SignedCall {
  readonly api: 'v1' | 'v2';
  readonly query: URLSearchParams;
  /** Value of `x-signature`. */
  readonly signature: string;
  readonly prompt: string;
  readonly nowMs: number;
}

/** Returns whether a call is signed as the page signs it. Clocks may differ by one period of five minutes. */
export function isSigned({ api, query, signature, prompt, nowMs }: SignedCall): boolean {
  const [requestId, timestamp, userId] = ['requestId', 'timestamp', 'user_id'].map((name) => query.get(name) ?? '');
  if (query.get('signature_timestamp') !== timestamp) return false;
  const encoded = Buffer.from(prompt).toString('base64');
  const texts = api === 'v1' ? [prompt, encoded] : [encoded];
  const rootKey = api === 'v1' ? rootKeys.older : rootKeys.newer;
  return texts.some((text) =>
    [-1, 0, 1].some((shift) => {
      const windowKey = digest(rootKey, `${Math.floor(nowMs / windowMs) + shift}`);
      const meta = ['requestId', requestId, 'timestamp', timestamp, 'user_id', userId].join();
      return digest(windowKey, [meta, text, timestamp].join('|')) === signature;
    }),
  );
}

function digest(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}
