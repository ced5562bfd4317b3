import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { valuesSchema } from '../src/schema/values-schema.ts';

const chart = new URL('../../../deploy/helm/sluice/', import.meta.url);
const readYaml = (path: string): unknown => parse(readFileSync(new URL(path, chart), 'utf8'));
const check = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(valuesSchema());

/** Returns paths and reasons of the refused values. */
function problems(values: unknown): readonly string[] {
  check(values);
  return (check.errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath} ${message} ${JSON.stringify(params)}`.trim(),
  );
}

describe('values.schema.json', () => {
  it.each(['values.yaml', ...readdirSync(new URL('ci/', chart)).map((name) => `ci/${name}`)])('takes %s', (path) => {
    expect(problems(readYaml(path))).toEqual([]);
  });

  it.each([
    ['a typo at the top', { ingres: {} }, 'ingres'],
    ['a typo in a component', { worker: { replica: 3 } }, 'replica'],
    ['a typo in a nested block', { worker: { keda: { prometheus: { serverAdress: 'x' } } } }, 'serverAdress'],
    [
      'a typo in Sluice’s own settings',
      { config: { limits: { max_concurent_requests: 1 } } },
      'max_concurent_requests',
    ],
    ['a typo in an upstream', { config: { upstreams: [{ id: 'a', type: 'openai', baseurl: 'x' }] } }, 'baseurl'],
    ['an unknown controller', { expose: { ingress: { controller: 'ngnix' } } }, '/expose/ingress/controller'],
    ['a text for a number', { ingress: { replicas: 'two' } }, '/ingress/replicas'],
    ['no pod at all for KEDA', { worker: { keda: { minReplicas: 0 } } }, '/worker/keda/minReplicas'],
    ['a digest that is none', { worker: { image: { digest: 'latest' } } }, '/worker/image/digest'],
    ['a node without a port', { redis: { cluster: ['redis-0'] } }, '/redis/cluster/0'],
    ['a URL of another kind', { redis: { url: 'http://redis' } }, '/redis/url'],
    ['a share above 1', { tracing: { sampleRatio: 10 } }, '/tracing/sampleRatio'],
    ['a variable with a dash', { providerKeys: { names: ['MY-KEY'] } }, '/providerKeys/names/0'],
  ])('refuses %s', (_, values, named) => {
    expect(problems(values).join('\n')).toContain(named);
  });
});
