import { z } from 'zod';
import type { Manifest, Rendered } from './helm.ts';

const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  env: z
    .array(z.looseObject({ name: z.string(), value: z.string().optional(), valueFrom: z.unknown().optional() }))
    .default([]),
  ports: z.array(z.looseObject({ name: z.string(), containerPort: z.number() })).default([]),
});

const podSpecSchema = z.looseObject({
  terminationGracePeriodSeconds: z.number().optional(),
  containers: z.tuple([containerSchema], containerSchema),
});

const deploymentSchema = z.looseObject({
  spec: z.looseObject({
    replicas: z.number().optional(),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.looseObject({
      metadata: z.looseObject({
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()).default({}),
      }),
      spec: podSpecSchema,
    }),
  }),
});

export type Deployment = z.infer<typeof deploymentSchema> & Manifest;

/** @throws with Helm's message if the values were refused */
export function accepted(rendered: Rendered): readonly Manifest[] {
  if (!rendered.ok) throw new Error(rendered.message);
  return rendered.manifests;
}

/** Returns the one object of a kind, or of a kind and name. */
export function find(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter((one) => one.kind === kind && (name === undefined || one.metadata.name === name));
  const [first, second] = found;
  if (first === undefined || second !== undefined) {
    throw new Error(`${found.length} of kind ${kind}${name === undefined ? '' : ` and name ${name}`} in the chart`);
  }
  return first;
}

export function deployment(manifests: readonly Manifest[], name: string): Deployment {
  const manifest = find(manifests, 'Deployment', name);
  return { ...manifest, ...deploymentSchema.parse(manifest) };
}

/** Value of a variable of the pod's first container; undefined if it is absent or has another source. */
export const variable = ({ spec }: Deployment, name: string): string | undefined =>
  spec.template.spec.containers[0].env.find((one) => one.name === name)?.value;
