import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiGet, apiClient } from './api-client.ts';
import { startClusterDns } from './cluster-dns.ts';
import { runKubectl, startControlPlane } from './control-plane.ts';
import { canHaveDebianTools } from './debian-tools.ts';
import { canHave } from './go-tools.ts';
import { saveImages } from './images.ts';
import { bridgeAddress, removeTraces, startNode } from './node.ts';
import { createProcesses, type Processes } from './processes.ts';
import { startRegistry } from './registry.ts';
import { removeServiceRules, startServiceProxy } from './service-proxy.ts';
import { hasEngine } from '../docker/docker.ts';
import { works } from '../wanted-tool.ts';

/** A Kubernetes cluster of one node on this machine, with real pods, kube-proxy and a name service. */
export interface Cluster {
  readonly kubeconfig: string;
  readonly folder: string;
  readonly node: string;
  readonly processes: Processes;
  readonly get: ApiGet;
  kubectl(...args: readonly string[]): string;
  /** Ends all pods and programs, and removes their traces. */
  close(): Promise<void>;
}

const needed = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'] as const;

/**
 * Returns whether this machine can run a cluster: as root, with runc, iptables, a Docker engine, and the programs or the
 * tools to build them.
 */
export const canHaveCluster = (): boolean =>
  process.getuid?.() === 0 &&
  works('runc', ['--version']) &&
  works('iptables', ['--version']) &&
  hasEngine() &&
  canHave(...needed) &&
  canHaveDebianTools();

export interface ClusterOptions {
  /** Further images, which the engine must have. Pods can also pull them, as from Docker Hub. */
  readonly images?: readonly string[];
}

/** Resolves when pods can be started. */
export async function startCluster(firstPort: number, { images: others = [] }: ClusterOptions = {}): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-kube-'));
  const processes = createProcesses(folder);
  const images = await saveImages(folder, others);
  const registry = others.length > 0 ? await startRegistry(folder, images, firstPort + 14) : undefined;
  const { kubeconfig } = await startControlPlane({ folder, processes, firstPort, withControllers: true });
  const node = await startNode({ folder, processes, kubeconfig, firstPort, images, registry: registry?.url });
  await startServiceProxy({ processes, kubeconfig, node: node.name, firstPort: firstPort + 12 });
  const get = apiClient(kubeconfig);
  const dns = await startClusterDns(get, bridgeAddress);
  return {
    kubeconfig,
    folder,
    node: node.name,
    processes,
    get,
    kubectl: (...args) => runKubectl(kubeconfig, args),
    async close() {
      await node.close();
      await dns.close();
      await registry?.close();
      await processes.stop();
      await removeServiceRules();
      removeTraces(folder);
      rmSync(folder, {
        recursive: true,
        force: true,
        maxRetries: 5,
      });
    },
  };
}
