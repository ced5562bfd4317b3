import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Manifest } from '../chart/helm.ts';
import { customResourceFolders } from './custom-resources.ts';
import { moduleFolder } from './go-tools.ts';

/** Returns the faults of an object, by path, including unknown fields; none if it conforms to its API. */
export type CheckObject = (manifest: Manifest) => readonly string[];

/** Base of the names of schemas: references between them must be absolute. The addresses do not exist. */
const kubernetesId = 'https://schemas.invalid/kubernetes';

type Json = Readonly<Record<string, unknown>>;

const openApiSchema = z.looseObject({ definitions: z.record(z.string(), z.record(z.string(), z.unknown())) });
const kindSchema = z.array(z.object({ group: z.string(), version: z.string(), kind: z.string() }));
const customSchema = z.looseObject({
  spec: z.looseObject({
    group: z.string(),
    names: z.looseObject({ kind: z.string() }),
    versions: z.array(
      z.looseObject({
        name: z.string(),
        schema: z.looseObject({ openAPIV3Schema: z.record(z.string(), z.unknown()) }),
      }),
    ),
  }),
});

/** Reads the schemas from the Go modules of Kubernetes, KEDA, Gateway API and the Prometheus operator. */
export async function objectSchemas(): Promise<CheckObject> {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const places = new Map<string, string>();
  const file = join(await moduleFolder('k8s.io/kubernetes@v1.36.3'), 'api/openapi-spec/swagger.json');
  const { definitions } = openApiSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const own = Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, closed(schema)]));
  ajv.addSchema({ $id: kubernetesId, definitions: own });
  for (const [name, schema] of Object.entries(definitions)) {
    for (const kind of kindSchema.parse(schema['x-kubernetes-group-version-kind'] ?? [])) {
      places.set(keyOf(kind), `${kubernetesId}#/definitions/${name}`);
    }
  }
  const metadata = { $ref: `${kubernetesId}#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta` };
  for (const { path, files } of await customResourceFolders()) {
    for (const name of readdirSync(path).filter((one) => files.test(one))) {
      const { group, names, versions } = customSchema.parse(parse(readFileSync(join(path, name), 'utf8'))).spec;
      for (const version of versions) {
        const { properties, ...rest } = closed(version.schema.openAPIV3Schema) as { properties: object };
        const key = keyOf({ group, version: version.name, kind: names.kind });
        ajv.addSchema({ $id: key, ...rest, properties: { ...properties, metadata } });
        places.set(key, key);
      }
    }
  }
  return (manifest) => {
    const [version = '', group = ''] = manifest.apiVersion.split('/').toReversed();
    const place = places.get(keyOf({ group, version, kind: manifest.kind }));
    const check = place === undefined ? undefined : ajv.getSchema(place);
    if (check === undefined) return [`no API has ${manifest.apiVersion} ${manifest.kind}`];
    check(manifest);
    return (check.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
}

const keyOf = ({ group, version, kind }: { group: string; version: string; kind: string }): string =>
  `https://schemas.invalid/${group}/${version}/${kind}`;

/** Returns the schema that refuses unknown fields, as strict validation does, and takes numbers where Kubernetes does. */
function closed(schema: unknown): Json {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const node = value as Json;
    if (node['format'] === 'int-or-string' || node['x-kubernetes-int-or-string'] === true || isQuantity(node)) {
      return { type: ['string', 'number'] };
    }
    const known = Object.entries(node).filter(([name, one]) => name !== 'pattern' || isPattern(one));
    const inner = Object.fromEntries(known.map(([name, one]) => [name, walk(one)]));
    if (typeof node['$ref'] === 'string') return { $ref: node['$ref'].replace(/^#/, `${kubernetesId}#`) };
    const isOpen = node['x-kubernetes-preserve-unknown-fields'] === true || node['additionalProperties'] !== undefined;
    return node['type'] === 'object' && node['properties'] !== undefined && !isOpen
      ? { ...inner, additionalProperties: false }
      : inner;
  };
  return walk(schema) as Json;
}

const isQuantity = ({ type, description }: Json): boolean =>
  type === 'string' && typeof description === 'string' && description.startsWith('Quantity is a fixed-point');

/** Returns whether JavaScript can use a pattern: Go allows flags inside. A property may also be named `pattern`. */
const isPattern = (value: unknown): boolean => typeof value !== 'string' || !value.includes('(?i)');
