import { z } from 'zod';
import type { ApiGet } from './api-client.ts';

const slicesSchema = z.object({
  items: z.array(
    z.object({
      endpoints: z
        .array(
          z.object({
            addresses: z.array(z.string()),
            conditions: z.object({ ready: z.boolean().optional() }),
          }),
        )
        .nullish(),
    }),
  ),
});

const serviceSchema = z.union([
  z.object({ spec: z.object({ clusterIP: z.string() }) }),
  z.object({ kind: z.literal('Status'), code: z.literal(404) }),
]);

/** Addresses of a service: its own, or those of its ready pods if it is headless. Undefined if there is no such service. */
export async function addressesOf(
  get: ApiGet,
  namespace: string,
  service: string,
): Promise<readonly string[] | undefined> {
  const found = serviceSchema.parse(await get(`/api/v1/namespaces/${namespace}/services/${service}`));
  if ('code' in found) return undefined;
  const { clusterIP } = found.spec;
  return clusterIP === 'None' ? await readyAddresses(get, namespace, service) : [clusterIP];
}

async function readyAddresses(get: ApiGet, namespace: string, service: string): Promise<readonly string[]> {
  const label = encodeURIComponent(`kubernetes.io/service-name=${service}`);
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${label}`;
  const { items } = slicesSchema.parse(await get(path));
  return items.flatMap(({ endpoints }) =>
    (endpoints ?? []).flatMap(({ addresses, conditions }) => (conditions.ready === false ? [] : addresses)),
  );
}
