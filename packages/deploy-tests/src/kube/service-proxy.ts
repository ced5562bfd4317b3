import { execFileSync } from 'node:child_process';
import { goTool } from './go-tools.ts';
import type { Processes } from './processes.ts';

export interface ServiceProxyRequest {
  readonly processes: Processes;
  readonly kubeconfig: string;
  readonly node: string;
  /** First of two ports: for metrics and health. */
  readonly firstPort: number;
}

/** Starts kube-proxy, which routes the addresses of services to ready pods by rules of this machine's firewall. */
export async function startServiceProxy(request: ServiceProxyRequest): Promise<void> {
  const { processes, kubeconfig, node, firstPort } = request;
  processes.start({
    name: 'kube-proxy',
    file: await goTool('kube-proxy'),
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${node}`,
      '--proxy-mode=iptables',
      '--cluster-cidr=10.244.77.0/24',
      `--metrics-bind-address=127.0.0.1:${firstPort}`,
      `--healthz-bind-address=127.0.0.1:${firstPort + 1}`,
      // Rules of the machine itself stay as they are.
      '--iptables-localhost-nodeports=false',
      '--conntrack-max-per-core=0',
      '--conntrack-tcp-timeout-established=0s',
      '--conntrack-tcp-timeout-close-wait=0s',
    ],
  });
}

/** Removes the rules of kube-proxy; to be called after its end. */
export async function removeServiceRules(): Promise<void> {
  execFileSync(await goTool('kube-proxy'), ['--cleanup'], { stdio: 'pipe' });
  // A chain that it leaves, because kubelets once shared it.
  const left = 'KUBE-FIREWALL';
  const isThere = execFileSync('iptables-save', { encoding: 'utf8' }).includes(`:${left} `);
  if (!isThere) return;
  for (const args of [
    ['-D', 'INPUT', '-j', left],
    ['-D', 'OUTPUT', '-j', left],
    ['-F', left],
    ['-X', left],
  ])
    execFileSync('iptables', args, { stdio: 'pipe' });
}
