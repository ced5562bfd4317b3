import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@sluice/testkit';
import { stringify } from 'yaml';
import { serverOf } from './api-client.ts';
import type { Cluster } from './cluster.ts';
import { debianTools } from './debian-tools.ts';

const meta = '__meta_kubernetes';

/** Starts a Prometheus that finds the pods behind the chart's metrics services as a ServiceMonitor would. Returns its URL. */
export async function startPrometheus({ folder, kubeconfig, processes }: Cluster, port: number): Promise<string> {
  const { server, token } = serverOf(kubeconfig);
  const config = {
    global: { scrape_interval: '2s' },
    scrape_configs: [
      {
        job_name: 'sluice',
        kubernetes_sd_configs: [
          {
            role: 'endpoints',
            api_server: server,
            authorization: { credentials: token },
            tls_config: { insecure_skip_verify: true },
          },
        ],
        relabel_configs: [
          { source_labels: [`${meta}_service_label_sluice_metrics`], regex: 'true', action: 'keep' },
          { source_labels: [`${meta}_namespace`], target_label: 'namespace' },
          { source_labels: [`${meta}_service_name`], target_label: 'service' },
          { source_labels: [`${meta}_pod_name`], target_label: 'pod' },
        ],
      },
    ],
  };
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, stringify(config));
  processes.start({
    name: 'prometheus',
    file: join(debianTools(), 'usr/bin/prometheus'),
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
  });
  const url = `http://127.0.0.1:${port}`;
  const isReady = async (): Promise<boolean> => (await fetch(`${url}/-/ready`)).ok;
  await until(isReady, { what: 'Prometheus', timeoutMs: 60_000, intervalMs: 500 });
  return url;
}
