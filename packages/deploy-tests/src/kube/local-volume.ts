import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Cluster } from './cluster.ts';
import { runKubectl } from './control-plane.ts';

/** Gives the cluster one volume, a folder of this machine, in a default class. */
export function addLocalVolume({ kubeconfig, folder, node }: Cluster, size: string): void {
  const path = join(folder, 'volume');
  mkdirSync(path);
  const className = 'local';
  const objects = [
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: className, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'local' },
      spec: {
        capacity: { storage: size },
        accessModes: ['ReadWriteOnce'],
        storageClassName: className,
        persistentVolumeReclaimPolicy: 'Retain',
        local: { path },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
            ],
          },
        },
      },
    },
  ];
  runKubectl(kubeconfig, ['apply', '-f', '-'], objects.map((object) => stringify(object)).join('---\n'));
}
