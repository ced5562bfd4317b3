import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { canHaveHelm, findHelm } from '../../src/chart/find-helm.ts';
import { chartFolder, type Manifest, render } from '../../src/chart/helm.ts';
import { accepted, find } from '../../src/chart/manifests.ts';
import { isMissing } from '../../src/index.ts';
import { type CheckObject, objectSchemas } from '../../src/kube/object-schemas.ts';
import { works } from '../../src/wanted-tool.ts';

const variants = readdirSync(join(chartFolder, 'ci')).map((name) => name.replace('-values.yaml', ''));
const isThere = canHaveHelm() && works('go', ['version']);

describe.skipIf(isMissing('Helm and Go', isThere))(
  'the published schemas of Kubernetes and of custom resources',
  () => {
    let helm: string;
    let check: CheckObject;
    const manifestsOf = (variant: string, values: object = {}): readonly Manifest[] =>
      accepted(render(helm, { variant, values }));
    const faultsOf = (manifests: readonly Manifest[]): readonly string[] =>
      manifests.flatMap((one) => check(one).map((fault) => `${one.kind} ${one.metadata.name}: ${fault}`));

    beforeAll(async () => {
      helm = await findHelm();
      check = await objectSchemas();
    });

    it.each(variants)('know every field of the objects that the values %s make', (variant) => {
      expect(faultsOf(manifestsOf(variant))).toEqual([]);
    });

    it.each(['traefik', 'envoy', 'alb', 'other'])('know those of an Ingress for %s', (controller) => {
      expect(faultsOf(manifestsOf('ha', { expose: { ingress: { controller } } }))).toEqual([]);
    });

    it.each([
      ['a Deployment', 'minimal', 'Deployment', 'rel-sluice-worker', { replica: 2 }],
      ['a ScaledObject', 'keda', 'ScaledObject', undefined, { minReplicas: 2 }],
      ['an HTTPRoute', 'gateway-api', 'HTTPRoute', undefined, { hostNames: [] }],
      ['a ServiceMonitor', 'ha', 'ServiceMonitor', undefined, { intervall: '15s' }],
    ])('find a typo in %s', (_, variant, kind, name, typo) => {
      const one = find(manifestsOf(variant), kind, name);
      const wrong = { ...one, spec: { ...(one['spec'] as object), ...typo } };
      expect(check(wrong).join()).toContain(Object.keys(typo).join());
    });
  },
);
