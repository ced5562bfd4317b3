import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runKubectl } from './control-plane.ts';
import { moduleFolder } from './go-tools.ts';

const sources = [
  { module: 'github.com/kedacore/keda/v2@v2.21.0', folder: 'config/crd/bases', only: /^keda\.sh_.*\.yaml$/ },
  {
    module: 'sigs.k8s.io/gateway-api@v1.6.3',
    folder: 'config/crd/standard',
    only: /gateway\.networking\.k8s\.io_(?:gateways|httproutes)\.yaml$/,
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    folder: 'example/prometheus-operator-crd',
    only: /_(?:servicemonitors|prometheusrules)\.yaml$/,
  },
] as const;

/** Returns the folders of the custom resources that the chart may create, as their projects publish them. */
export async function customResourceFolders(): Promise<readonly { readonly path: string; readonly files: RegExp }[]> {
  return await Promise.all(
    sources.map(async ({ module, folder, only }) => ({ path: join(await moduleFolder(module), folder), files: only })),
  );
}

export async function installCustomResources(kubeconfig: string): Promise<void> {
  for (const { path, files: only } of await customResourceFolders()) {
    const files = readdirSync(path).filter((name) => only.test(name));
    runKubectl(kubeconfig, ['apply', '--server-side', ...files.flatMap((name) => ['-f', join(path, name)])]);
  }
  runKubectl(kubeconfig, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
}
