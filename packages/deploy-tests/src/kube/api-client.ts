import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { parse } from 'yaml';
import { z } from 'zod';

const kubeconfigSchema = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ server: z.string() }) })]),
  users: z.tuple([z.object({ user: z.object({ token: z.string() }) })]),
});

/** Gets an object or a list from the API server. */
export type ApiGet = (path: string) => Promise<unknown>;

/** Address of the API server, and the token for it. */
export function serverOf(kubeconfig: string): { readonly server: string; readonly token: string } {
  const { clusters, users } = kubeconfigSchema.parse(parse(readFileSync(kubeconfig, 'utf8')));
  return { server: clusters[0].cluster.server, token: users[0].user.token };
}

/** A client for requests that are too frequent for kubectl. */
export function apiClient(kubeconfig: string): ApiGet {
  const { server, token } = serverOf(kubeconfig);
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  return (path) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const call = request(new URL(path, server), { headers, rejectUnauthorized: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        } catch (error) {
          reject(error);
        }
      });
    });
    call.on('error', reject);
    call.end();
    return promise;
  };
}
