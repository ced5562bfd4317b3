import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { runKubectl } from './control-plane.ts';
import { installCustomResources } from './custom-resources.ts';
import { goTool } from './go-tools.ts';

/** Starts KEDA's own operator and metrics adapter beside the API server. They run until the cluster is closed. */
export async function startKeda(cluster: Cluster, firstPort: number): Promise<void> {
  const { kubeconfig, folder, processes } = cluster;
  await installCustomResources(kubeconfig);
  cluster.kubectl('create', 'namespace', 'keda');
  const [adapter, metrics, health, service, adapterMetrics] = [30, 31, 32, 33, 34].map((index) => firstPort + index);
  runKubectl(kubeconfig, ['apply', '-f', '-'], apiService(adapter ?? 0));
  const certificates = makeCertificates(folder);
  const env = { POD_NAMESPACE: 'keda', KEDA_CLUSTER_OBJECT_NAMESPACE: 'keda', WATCH_NAMESPACE: '' };
  processes.start({
    name: 'keda-operator',
    file: await goTool('keda-operator'),
    env,
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--cert-dir=${certificates}`,
      '--enable-cert-rotation=false',
      '--enable-webhook-patching=false',
      '--enable-apiservice-patching=false',
      `--metrics-bind-address=127.0.0.1:${metrics}`,
      `--health-probe-bind-address=127.0.0.1:${health}`,
      `--metrics-service-bind-address=127.0.0.1:${service}`,
    ],
  });
  processes.start({
    name: 'keda-adapter',
    file: await goTool('keda-adapter'),
    env,
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--lister-kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      `--secure-port=${adapter}`,
      '--bind-address=127.0.0.1',
      `--cert-dir=${certificates}`,
      `--tls-cert-file=${join(certificates, 'tls.crt')}`,
      `--tls-private-key-file=${join(certificates, 'tls.key')}`,
      `--metrics-service-address=localhost:${service}`,
      `--port=${adapterMetrics}`,
      '--v=0',
    ],
  });
}

/** Registers the adapter, a program of this machine, with the API server as a service of the cluster. */
const apiService = (port: number): string => `apiVersion: v1
kind: Service
metadata: { name: keda-metrics-apiserver, namespace: keda }
spec: { type: ExternalName, externalName: localhost, ports: [{ port: ${port} }] }
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: v1beta1.external.metrics.k8s.io }
spec:
  group: external.metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: { name: keda-metrics-apiserver, namespace: keda, port: ${port} }
`;

/** Makes the certificates with which operator and adapter authenticate each other. Returns their folder. */
function makeCertificates(parent: string): string {
  const folder = join(parent, 'keda-certificates');
  mkdirSync(folder);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const made = ['-newkey', 'rsa:2048', '-nodes'];
  openssl('req', '-x509', ...made, '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=keda-tests');
  openssl('req', ...made, '-keyout', 'tls.key', '-out', 'tls.csr', '-subj', '/CN=localhost');
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n';
  writeFileSync(join(folder, 'names.ext'), names);
  const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names.ext'];
  openssl('x509', '-req', '-in', 'tls.csr', ...signed, '-out', 'tls.crt');
  return folder;
}
