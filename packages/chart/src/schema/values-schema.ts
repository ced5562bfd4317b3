import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { mapping, type Schema } from './build.ts';
import { ingressSchema, podSchema, workerSchema } from './components.ts';
import { surroundings } from './surroundings.ts';

const settingsSchema = new URL('../../../config/sluice.schema.json', import.meta.url);

/**
 * Returns the schema of the chart's values. Helm checks it at each lint, template, install and upgrade, so that a typo in the
 * block `config` fails there too, before a pod does not start.
 */
export function valuesSchema(): Schema {
  const read: unknown = JSON.parse(readFileSync(settingsSchema, 'utf8'));
  const { definitions, properties, ...settings } = z
    .looseObject({ definitions: z.record(z.string(), z.unknown()), properties: z.record(z.string(), z.unknown()) })
    .parse(read);
  const { $schema: draft, title: _title, ...rest } = settings;
  return {
    $schema: draft,
    title: 'Values of the chart sluice',
    ...mapping({
      ...surroundings,
      pod: podSchema,
      ingress: ingressSchema,
      worker: workerSchema,
      config: { ...rest, properties },
    }),
    definitions,
  };
}
