import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@sluice/testkit';
import { runKubectl } from './control-plane.ts';
import { debianTools } from './debian-tools.ts';
import { goTool } from './go-tools.ts';
import { pauseImage } from './images.ts';
import type { Processes } from './processes.ts';

export interface NodeRequest {
  readonly folder: string;
  readonly processes: Processes;
  readonly kubeconfig: string;
  /** First of 20 ports; the node uses the second ten. */
  readonly firstPort: number;
  /** Path of an archive that `docker save` has made. */
  readonly images: string;
  /** Registry in place of Docker Hub, if pods pull images. */
  readonly registry?: string | undefined;
}

/** A node that runs real pods: containerd, kubelet, and a bridge that connects pods and this machine. */
export interface KubeNode {
  readonly name: string;
  close(): Promise<void>;
}

/** Address of this machine on the bridge; pods reach it there. */
export const bridgeAddress = '10.244.77.1';
const bridge = 'sluice0';
/** The name must resolve to this machine: for kubectl logs and exec the API server connects to it. */
const nodeName = 'localhost';

/**
 * Resolves when the node is ready. Needs root and runc.
 *
 * @throws Error if the node does not become ready
 */
export async function startNode(request: NodeRequest): Promise<KubeNode> {
  const { folder, processes, kubeconfig, firstPort, images, registry } = request;
  const socket = join(folder, 'containerd.sock');
  addBridge();
  writeFiles(folder, socket, firstPort);
  if (registry !== undefined) writeRegistry(folder, registry);
  const bin = join(debianTools(), 'usr/bin');
  const path = `${bin}:${process.env['PATH'] ?? ''}`;
  processes.start({
    name: 'containerd',
    file: join(bin, 'containerd'),
    args: ['-c', join(folder, 'containerd.toml')],
    env: { PATH: path },
  });
  const ctr = (...args: readonly string[]): string =>
    execFileSync(join(bin, 'ctr'), ['-a', socket, '-n', 'k8s.io', ...args], { encoding: 'utf8', stdio: 'pipe' });
  await until(() => ctr('version'), { what: 'containerd', timeoutMs: 60_000, intervalMs: 500 });
  ctr('images', 'import', images);
  processes.start({
    name: 'kubelet',
    file: await goTool('kubelet'),
    args: [
      '--config',
      join(folder, 'kubelet.yaml'),
      '--kubeconfig',
      kubeconfig,
      '--root-dir',
      join(folder, 'kubelet'),
      '--hostname-override',
      nodeName,
    ],
    env: { PATH: path },
  });
  const isReady = (): boolean =>
    runKubectl(kubeconfig, ['wait', '--for=condition=Ready', `node/${nodeName}`, '--timeout=2s']) !== '';
  await until(isReady, { what: 'the node', timeoutMs: 120_000, intervalMs: 500 });
  return {
    name: nodeName,
    async close() {
      // While kubelet lives: what it started and mounted outlives it.
      runKubectl(kubeconfig, ['delete', 'deployments,statefulsets,pods', '--all', '-A', '--grace-period=0', '--force']);
      const isEmpty = (): boolean =>
        ctr('containers', 'ls', '-q').trim() === '' &&
        !readFileSync('/proc/mounts', 'utf8').includes(`${folder}/kubelet/pods`);
      await until(isEmpty, { what: 'the end of all pods', timeoutMs: 120_000, intervalMs: 500 });
    },
  };
}

/** Removes the traces of a node; to be called after the end of its programs. */
export function removeTraces(folder: string): void {
  // kubelet mounts its folder onto itself.
  execFileSync('umount', [join(folder, 'kubelet')], { stdio: 'pipe' });
  execFileSync('ip', ['link', 'del', bridge], { stdio: 'pipe' });
}

function addBridge(): void {
  const ip = (...args: readonly string[]): void => {
    execFileSync('ip', args, { stdio: 'pipe' });
  };
  ip('link', 'add', bridge, 'type', 'bridge');
  ip('addr', 'add', `${bridgeAddress}/24`, 'dev', bridge);
  ip('link', 'set', bridge, 'up');
}

function writeFiles(folder: string, socket: string, firstPort: number): void {
  for (const name of ['cni', 'ipam', 'containerd', 'state', 'kubelet', 'pods-logs'])
    mkdirSync(join(folder, name), { recursive: true });
  rmSync(socket, { force: true });
  const network = {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge,
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: '10.244.77.0/24' }]],
          routes: [{ dst: '0.0.0.0/0' }],
          dataDir: join(folder, 'ipam'),
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
  writeFileSync(join(folder, 'cni/10.conflist'), JSON.stringify(network));
  writeFileSync(join(folder, 'containerd.toml'), containerdToml(folder, socket));
  writeFileSync(join(folder, 'resolv.conf'), `nameserver ${bridgeAddress}\n`);
  writeFileSync(join(folder, 'kubelet.yaml'), kubeletYaml(folder, socket, firstPort));
}

function writeRegistry(folder: string, url: string): void {
  const ofHub = join(folder, 'registries', 'docker.io');
  mkdirSync(ofHub, { recursive: true });
  writeFileSync(
    join(ofHub, 'hosts.toml'),
    `server = "${url}"\n[host."${url}"]\n  capabilities = ["pull", "resolve"]\n`,
  );
}

/** `restrict_oom_score_adj`: in a container without CAP_SYS_RESOURCE no pod starts without this option. */
const containerdToml = (folder: string, socket: string): string => `version = 3
root = "${folder}/containerd"
state = "${folder}/state"
[grpc]
  address = "${socket}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["${join(debianTools(), 'usr/lib/cni')}"]
    conf_dir = "${folder}/cni"
[plugins."io.containerd.cri.v1.images".registry]
  config_path = "${folder}/registries"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${pauseImage}"
`;

const kubeletYaml = (
  folder: string,
  socket: string,
  firstPort: number,
): string => `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
containerRuntimeEndpoint: unix://${socket}
failSwapOn: false
makeIPTablesUtilChains: false
address: 127.0.0.1
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
enforceNodeAllocatable: []
evictionHard: { memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1% }
resolvConf: ${folder}/resolv.conf
podLogsDir: ${folder}/pods-logs
port: ${firstPort + 10}
readOnlyPort: 0
healthzPort: ${firstPort + 11}
clusterDomain: cluster.local
clusterDNS: [${bridgeAddress}]
staticPodPath: ''
`;
