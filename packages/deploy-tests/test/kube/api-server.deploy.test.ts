import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canHaveHelm, findHelm } from '../../src/chart/find-helm.ts';
import { chartFolder, render, variantFile } from '../../src/chart/helm.ts';
import { accepted } from '../../src/chart/manifests.ts';
import { isMissing } from '../../src/index.ts';
import { type ControlPlane, runKubectl, startControlPlane } from '../../src/kube/control-plane.ts';
import { installCustomResources } from '../../src/kube/custom-resources.ts';
import { canHaveDebianTools } from '../../src/kube/debian-tools.ts';
import { firstPort } from '../../src/kube/first-port.ts';
import { canHave } from '../../src/kube/go-tools.ts';
import { helmRelease } from '../../src/kube/helm-release.ts';
import { createProcesses, type Processes } from '../../src/kube/processes.ts';

const variants = readdirSync(join(chartFolder, 'ci')).map((name) => name.replace('-values.yaml', ''));
const isThere = canHaveHelm() && canHave('kube-apiserver') && canHaveDebianTools();

describe.skipIf(isMissing('a Kubernetes API server, or Go and Debian to get one', isThere))('a real API server', () => {
  let folder: string;
  let processes: Processes;
  let plane: ControlPlane;
  let helm: string;
  const kubectl = (...args: readonly string[]): string => runKubectl(plane.kubeconfig, args);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-api-'));
    processes = createProcesses(folder);
    helm = await findHelm();
    plane = await startControlPlane({ folder, processes, firstPort: firstPort(), withControllers: false });
    await installCustomResources(plane.kubeconfig);
    // The strictest pod security level of Kubernetes.
    kubectl('create', 'namespace', 'ns');
    kubectl('label', 'namespace', 'ns', 'pod-security.kubernetes.io/enforce=restricted');
    // Without controllers nothing else makes the account that the pod of `helm test` has.
    kubectl('create', 'serviceaccount', 'default', '-n', 'ns');
  });

  afterAll(async () => {
    await processes.stop();
    rmSync(folder, { recursive: true });
  });

  describe.each(variants)('given the values %s', (variant) => {
    const release = () => helmRelease({ helm, kubeconfig: plane.kubeconfig, namespace: 'ns', name: variant });
    const values = ['-f', variantFile(variant)];

    it('accepts every object, without unknown or duplicate fields', () => {
      const manifests = accepted(render(helm, { variant, release: variant }));
      const list = { apiVersion: 'v1', kind: 'List', items: manifests };
      const args = ['apply', '--namespace', 'ns', '--dry-run=server', '--validate=strict', '-f', '-'];
      const said = runKubectl(plane.kubeconfig, args, JSON.stringify(list)).trim().split('\n');
      expect(said).toHaveLength(manifests.length);
    });

    it('installs, upgrades, rolls back and uninstalls', () => {
      const replicas = (): string =>
        kubectl(
          'get',
          'deployment',
          '-n',
          'ns',
          `${variant}-sluice-ingress`,
          '-o',
          'jsonpath={.metadata.labels.probe}',
        );
      release().install(values);
      expect(replicas()).toBe('');
      release().upgrade([...values, '--set', 'commonLabels.probe=second']);
      expect(replicas()).toBe('second');
      release().rollback(1);
      expect(replicas()).toBe('');
      expect(release().history().trim().split('\n')).toHaveLength(4);
      release().uninstall();
      const left = ['deployments,services,configmaps,serviceaccounts,pdb,hpa,networkpolicies,scaledobjects,httproutes'];
      expect(kubectl('get', ...left, '-n', 'ns', '-l', `app.kubernetes.io/instance=${variant}`, '-o', 'name')).toBe('');
    });
  });

  it('keeps the scale of an autoscaler during an upgrade', () => {
    const release = helmRelease({ helm, kubeconfig: plane.kubeconfig, namespace: 'ns', name: 'scaled' });
    const values = ['-f', variantFile('keda')];
    const scale = (): string =>
      kubectl('get', 'deployment', '-n', 'ns', 'scaled-sluice-worker', '-o', 'jsonpath={.spec.replicas}');
    release.install(values);
    kubectl('scale', 'deployment', '-n', 'ns', 'scaled-sluice-worker', '--replicas=7');
    release.upgrade([...values, '--set', 'commonLabels.probe=second']);
    expect(scale()).toBe('7');
    release.uninstall();
  });

  it('refuses what the chart’s own checks can’t see, such as a wrong volume', () => {
    const values = ['-f', variantFile('minimal'), '--set', 'worker.extraVolumes[0].nane=typo'];
    const release = helmRelease({ helm, kubeconfig: plane.kubeconfig, namespace: 'ns', name: 'wrong' });
    expect(() => release.install(values)).toThrow(/nane|name: Required/);
    release.uninstall();
  });
});
