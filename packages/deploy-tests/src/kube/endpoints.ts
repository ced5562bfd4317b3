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

/** Addresses of the ready pods of a service, as the control plane tells them to whoever balances load. */
export async function readyAddresses(get: ApiGet, namespace: string, service: string): Promise<readonly string[]> {
  const label = encodeURIComponent(`kubernetes.io/service-name=${service}`);
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${label}`;
  const { items } = slicesSchema.parse(await get(path));
  return items.flatMap(({ endpoints }) =>
    (endpoints ?? []).flatMap(({ addresses, conditions }) => (conditions.ready === false ? [] : addresses)),
  );
}
