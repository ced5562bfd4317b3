import { z } from 'zod';
import type { ApiGet } from './api-client.ts';

const podsSchema = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });
const deploymentSchema = z.object({ status: z.object({ readyReplicas: z.number().default(0) }) });

/** Names of all pods of a namespace, including terminating ones. Unlike kubectl it does not block streams of this process. */
export async function podNames(get: ApiGet, namespace: string): Promise<readonly string[]> {
  const { items } = podsSchema.parse(await get(`/api/v1/namespaces/${namespace}/pods`));
  return items.map(({ metadata }) => metadata.name);
}

export async function readyReplicas(get: ApiGet, namespace: string, deployment: string): Promise<number> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`;
  return deploymentSchema.parse(await get(path)).status.readyReplicas;
}
