import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@sluice/testkit';
import { debianTools } from './debian-tools.ts';
import { goTool } from './go-tools.ts';
import type { Processes } from './processes.ts';

export interface ControlPlaneRequest {
  /** Folder of certificates, data and logs. */
  readonly folder: string;
  readonly processes: Processes;
  /** The first of 20 free ports on loopback. */
  readonly firstPort: number;
  /** Also run controller manager and scheduler, which start and scale pods. */
  readonly withControllers: boolean;
}

/** A real API server with its etcd, on loopback. */
export interface ControlPlane {
  /** Path of the configuration file for kubectl and Helm. */
  readonly kubeconfig: string;
}

const token = 'tests-only';

/** Resolves when the API server is ready. */
export async function startControlPlane(request: ControlPlaneRequest): Promise<ControlPlane> {
  const { folder, processes, firstPort, withControllers } = request;
  const [etcd, peer, api, manager, scheduler] = [0, 1, 2, 3, 4].map((index) => String(firstPort + index));
  const kubeconfig = join(folder, 'kubeconfig');
  makeKeys(folder);
  writeFileSync(join(folder, 'tokens.csv'), `${token},admin,admin,"system:masters"\n`);
  writeFileSync(kubeconfig, kubeconfigText(`https://127.0.0.1:${api}`));
  processes.start({
    name: 'etcd',
    file: join(debianTools(), 'usr/bin/etcd'),
    args: [
      '--data-dir',
      join(folder, 'etcd'),
      '--unsafe-no-fsync',
      `--listen-client-urls=http://127.0.0.1:${etcd}`,
      `--advertise-client-urls=http://127.0.0.1:${etcd}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
    ],
  });
  processes.start({
    name: 'apiserver',
    file: await goTool('kube-apiserver'),
    args: [
      `--etcd-servers=http://127.0.0.1:${etcd}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${api}`,
      '--cert-dir=certs',
      '--token-auth-file=tokens.csv',
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      '--service-account-key-file=sa.pub',
      '--service-account-signing-key-file=sa.key',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--endpoint-reconciler-type=none',
      '--requestheader-client-ca-file=proxy-ca.crt',
      '--requestheader-allowed-names=front-proxy',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-username-headers=X-Remote-User',
      '--proxy-client-cert-file=proxy.crt',
      '--proxy-client-key-file=proxy.key',
    ],
  });
  const kubectl = (...args: readonly string[]): string => runKubectl(kubeconfig, args);
  await until(() => kubectl('get', '--raw', '/readyz') === 'ok', {
    what: 'the API server',
    timeoutMs: 120_000,
    intervalMs: 500,
  });
  if (withControllers) {
    const common = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--bind-address=127.0.0.1'];
    processes.start({
      name: 'controller-manager',
      file: await goTool('kube-controller-manager'),
      args: [
        ...common,
        `--secure-port=${manager}`,
        '--service-account-private-key-file=sa.key',
        '--horizontal-pod-autoscaler-sync-period=5s',
      ],
    });
    processes.start({
      name: 'scheduler',
      file: await goTool('kube-scheduler'),
      args: [...common, `--secure-port=${scheduler}`],
    });
  }
  return { kubeconfig };
}

/** @throws with kubectl's output if it fails */
export function runKubectl(kubeconfig: string, args: readonly string[], input = ''): string {
  const file = join(debianTools(), 'usr/bin/kubectl');
  return execFileSync(file, ['--kubeconfig', kubeconfig, ...args], { encoding: 'utf8', input, maxBuffer: 1 << 28 });
}

/** Makes the keys of service accounts, and the certificate with which the API server calls aggregated APIs. */
function makeKeys(folder: string): void {
  mkdirSync(join(folder, 'certs'), { recursive: true });
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const made = ['-newkey', 'rsa:2048', '-nodes'];
  openssl('genrsa', '-out', 'sa.key', '2048');
  openssl('rsa', '-in', 'sa.key', '-pubout', '-out', 'sa.pub');
  openssl(
    'req',
    '-x509',
    ...made,
    '-keyout',
    'proxy-ca.key',
    '-out',
    'proxy-ca.crt',
    '-days',
    '2',
    '-subj',
    '/CN=proxy-ca',
  );
  openssl('req', ...made, '-keyout', 'proxy.key', '-out', 'proxy.csr', '-subj', '/CN=front-proxy');
  writeFileSync(join(folder, 'client.ext'), 'extendedKeyUsage=clientAuth\n');
  const signed = ['-CA', 'proxy-ca.crt', '-CAkey', 'proxy-ca.key', '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', 'proxy.csr', ...signed, '-out', 'proxy.crt', '-extfile', 'client.ext');
}

const kubeconfigText = (server: string): string => `apiVersion: v1
kind: Config
clusters: [{ name: tests, cluster: { server: '${server}', insecure-skip-tls-verify: true } }]
users: [{ name: tests, user: { token: ${token} } }]
contexts: [{ name: tests, context: { cluster: tests, user: tests } }]
current-context: tests
`;
