import { mkdirSync } from 'node:fs';
import { serverOf } from './api-client.ts';
import type { Cluster } from './cluster.ts';
import { goTool } from './go-tools.ts';

/** The folder from which a program in a pod, such as the engine, reads its account. */
const account = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Starts kube-network-policies, which enforces NetworkPolicies by rules of this machine's firewall. It removes its rules
 * when it ends.
 */
export async function startPolicyEngine({ kubeconfig, folder, node, processes }: Cluster, port: number): Promise<void> {
  const { server, token } = serverOf(kubeconfig);
  const api = new URL(server);
  mkdirSync(account, { recursive: true });
  // Its account is in a file system that no other process sees.
  const script = [
    `mount -t tmpfs none ${account}`,
    `cp ${folder}/certs/apiserver.crt ${account}/ca.crt`,
    `printf %s ${token} > ${account}/token`,
    'exec "$@"',
  ].join(' && ');
  const engine = [
    await goTool('kube-network-policies'),
    `--hostname-override=${node}`,
    `--metrics-bind-address=127.0.0.1:${port}`,
    '--disable-nri',
  ];
  processes.start({
    name: 'network-policies',
    file: 'unshare',
    args: ['--mount', 'sh', '-c', script, 'sh', ...engine],
    env: { KUBERNETES_SERVICE_HOST: api.hostname, KUBERNETES_SERVICE_PORT: api.port },
    // The only signal on which it removes its rules.
    endBy: 'SIGINT',
  });
}
