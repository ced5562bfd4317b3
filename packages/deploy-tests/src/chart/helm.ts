import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { inRepository } from '../repository.ts';

export const chartFolder = inRepository('deploy/helm/sluice');

const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).optional() }),
});

/** A Kubernetes object that the chart renders. */
export type Manifest = z.infer<typeof manifestSchema>;

export interface RenderRequest {
  /** A file of `ci/`, without its `-values.yaml`. */
  readonly variant?: string;
  /** Values in addition to those of the variant. */
  readonly values?: object;
  /** Name of the release; `rel` unless the test is about names. */
  readonly release?: string;
}

/** Result of `helm template`: the objects, or the message of the refusal. */
export type Rendered =
  | { readonly ok: true; readonly manifests: readonly Manifest[] }
  | { readonly ok: false; readonly message: string };

/** Renders the chart as `helm install` does. */
export function render(helm: string, { variant, values = {}, release = 'rel' }: RenderRequest): Rendered {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-chart-'));
  try {
    const file = join(folder, 'values.yaml');
    writeFileSync(file, stringify(values));
    const files = [...(variant === undefined ? [] : [variantFile(variant)]), file].flatMap((path) => ['-f', path]);
    const ran = spawnSync(helm, ['template', release, chartFolder, '--namespace', 'ns', ...files], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    return ran.status === 0
      ? { ok: true, manifests: parseManifests(ran.stdout) }
      : { ok: false, message: ran.stderr || String(ran.error) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const variantFile = (variant: string): string => join(chartFolder, 'ci', `${variant}-values.yaml`);

/**
 * Reads manifests as Kubernetes does, by YAML 1.1: there `off` is a boolean and 0555 an octal number.
 *
 * @throws if a document is not a Kubernetes object, or a mapping has a key twice
 */
function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text, { version: '1.1' }).flatMap((document) => {
    if ('errors' in document && document.errors.length > 0) throw document.errors[0];
    const value: unknown = document.toJS();
    return value === null ? [] : [manifestSchema.parse(value)];
  });
}
