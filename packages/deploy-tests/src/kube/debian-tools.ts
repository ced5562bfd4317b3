import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { inRepository } from '../repository.ts';
import { works } from '../wanted-tool.ts';

const packages = ['etcd-server', 'kubectl', 'containerd', 'containernetworking-plugins', 'prometheus'];
const sourcesFile = '/etc/apt/sources.list.d/debian.sources';

/** Returns whether Debian's packages are available or can be fetched. */
export const canHaveDebianTools = (): boolean =>
  existsSync(done()) || (existsSync(sourcesFile) && works('dpkg', ['--version']));

/**
 * Returns a folder with etcd, kubectl, containerd, network plug-ins and Prometheus from Debian's newest packages; fetches
 * and unpacks them if necessary. The system's own packages are unchanged.
 */
export function debianTools(): string {
  if (existsSync(done())) return root();
  const script = inRepository('packages/deploy-tests/src/newer-packages.sh');
  execFileSync(script, [cacheFolder('kube'), root(), ...packages], { stdio: 'pipe' });
  writeFileSync(done(), '');
  return root();
}

const root = (): string => join(cacheFolder('kube'), 'root');
const done = (): string => join(root(), '.complete');
