import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type OtlpReceiver, startOtlpReceiver, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canHaveHelm, findHelm } from '../../src/chart/find-helm.ts';
import { inRepository, isMissing, readRepositoryFile } from '../../src/index.ts';
import { canHaveCluster, type Cluster, startCluster } from '../../src/kube/cluster.ts';
import { debianTools } from '../../src/kube/debian-tools.ts';
import { firstPort } from '../../src/kube/first-port.ts';
import { addLocalVolume } from '../../src/kube/local-volume.ts';
import { bridgeAddress } from '../../src/kube/node.ts';
import { bringTrialImages } from '../../src/kube/trial-images.ts';

const isThere = canHaveHelm() && canHaveCluster();

/** The ten lines, with free ports of this machine. */
function firstInstall(http: number, grafana: number): string {
  const page = readRepositoryFile('docs/operations.md');
  const [, lines = ''] = /^## From `helm install` to the first trace$[^]*?^```sh\n([^]*?)^```$/m.exec(page) ?? [];
  return lines.replaceAll('8080', String(http)).replace('grafana 3000:', `grafana ${grafana}:`);
}

describe.skipIf(isMissing('a Kubernetes node: root, runc, iptables, Docker, Go and Debian', isThere))(
  'the first install of docs/operations.md',
  () => {
    let folder: string;
    let receiver: OtlpReceiver;
    let cluster: Cluster;
    let env: NodeJS.ProcessEnv;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-trial-'));
      const spansPort = firstPort() + 41;
      const { valkey, observability } = await bringTrialImages(
        folder,
        `http://${bridgeAddress}:${spansPort}/v1/traces`,
      );
      cluster = await startCluster(firstPort(), { images: [valkey, observability] });
      receiver = await startOtlpReceiver({ host: bridgeAddress, port: spansPort });
      addLocalVolume(cluster, '8Gi');
      // A newcomer has both commands, and a context of the cluster.
      const kubeconfig = join(folder, 'kubeconfig');
      copyFileSync(cluster.kubeconfig, kubeconfig);
      symlinkSync(join(debianTools(), 'usr/bin/kubectl'), join(folder, 'kubectl'));
      symlinkSync(await findHelm(), join(folder, 'helm'));
      // The node has the images, under the names that they would have at Docker Hub.
      env = {
        ...process.env,
        REGISTRY: 'docker.io',
        KUBECONFIG: kubeconfig,
        PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      };
    });
    afterAll(async () => {
      await receiver.close();
      await cluster.close();
      rmSync(folder, { recursive: true });
    });

    const shell = async (script: string): Promise<string> => {
      const said = await promisify(execFile)('bash', ['-ec', script], { cwd: inRepository('.'), env });
      return said.stdout;
    };
    const inValkey = (...args: readonly string[]): Promise<string> =>
      shell(`kubectl exec sluice-valkey-0 -- valkey-cli ${args.join(' ')}`);

    it('goes from nothing to the first trace, line by line', async () => {
      const startedAt = performance.now();
      // The forwarding commands stay in the background of a newcomer's shell.
      const lines = firstInstall(firstPort() + 42, firstPort() + 43);
      const said = await shell(`trap 'kill $(jobs -p)' EXIT\n${lines}`);
      process.stderr.write(`first install: ${Math.round((performance.now() - startedAt) / 1000)} s\n`);
      expect(said).toContain('STATUS: deployed');
      expect(said).toMatch(/Phase:\s+Succeeded/);
      expect(said).toContain('data: [DONE]');
      const traces = (): Map<string, Set<string>> => {
        const services = new Map<string, Set<string>>();
        for (const { traceId, service } of receiver.spans())
          services.set(traceId, (services.get(traceId) ?? new Set()).add(service));
        return services;
      };
      const isWhole = (): boolean => [...traces().values()].some((services) => services.size === 2);
      await until(isWhole, { what: 'a trace of both services', timeoutMs: 60_000 });
    });

    it('runs Valkey with the settings of the chart, on its own volume', async () => {
      expect(await inValkey('config', 'get', 'appendonly', 'maxmemory-policy')).toMatch(
        /appendonly\nyes[^]*noeviction/,
      );
      expect(await inValkey('config', 'get', 'maxmemory')).toBe('maxmemory\n751619276\n');
      expect(await shell('kubectl exec sluice-valkey-0 -- id -u')).toBe('1000\n');
      expect(await shell('kubectl get pvc -o jsonpath={.items[*].status.phase}')).toBe('Bound');
    });

    it('keeps the data of Valkey when its pod is lost', async () => {
      await inValkey('set', 'probe', 'kept');
      await shell(
        'kubectl delete pod sluice-valkey-0 && kubectl rollout status statefulset/sluice-valkey --timeout=60s',
      );
      expect(await inValkey('get', 'probe')).toBe('kept\n');
      expect(await shell('helm test sluice')).toMatch(/Phase:\s+Succeeded/);
    });
  },
);
