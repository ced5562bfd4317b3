import { createChooseProxy, type EnvironmentProxies } from '@sluice/config';
import type { UpstreamClient } from '@sluice/upstream';

/** Reads documents of issuers, as workers call providers: by the same connections, and through the same proxies. */
export interface IssuerDocuments {
  /** @throws Error if the answer is not 200, is too long, or does not come within 5 s; the message names the URL */
  read(url: string): Promise<string>;
  close(): Promise<void>;
}

const timeoutMs = 5000;
/** The next reading is minutes later. */
const keepAliveMs = 1000;
/** Public keys of an issuer take some kB. */
const mostCharacters = 1024 * 1024;

/** The client is loaded with the first reading: an ingress without an issuer makes no calls. */
export function createIssuerDocuments(proxies: EnvironmentProxies): IssuerDocuments {
  let client: Promise<UpstreamClient> | undefined;
  const open = async (): Promise<UpstreamClient> => {
    const { createUpstreamClient } = await import('@sluice/upstream');
    return createUpstreamClient({ connectTimeoutMs: timeoutMs, keepAliveMs, proxyOf: createChooseProxy(proxies) });
  };
  return {
    async read(url) {
      return readFrom(await (client ??= open()), url);
    },
    async close() {
      await (await client)?.close();
    },
  };
}

function readFrom(client: UpstreamClient, url: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (reason: string): void => reject(new Error(`${url} ${reason}`));
  let status = 0;
  let text = '';
  const call = client.call(
    { method: 'GET', url, headers: { accept: 'application/json' }, body: undefined },
    {
      onHead: (head) => void (status = head.status),
      onText(piece) {
        text += piece;
        if (text.length > mostCharacters) giveUp('sends too much');
      },
      onEnd: () => (status === 200 ? resolve(text) : fail(`answers ${status}`)),
      onFailure: ({ message }) => fail(`can not be read: ${message}`),
    },
  );
  function giveUp(reason: string): void {
    call.abort();
    fail(reason);
  }
  const timer = setTimeout(() => giveUp('does not answer in time'), timeoutMs);
  return promise.finally(() => clearTimeout(timer));
}
