import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { works } from '../wanted-tool.ts';

const packages = ['etcd-server', 'kubectl', 'containerd', 'containernetworking-plugins', 'prometheus'];
const sourcesFile = '/etc/apt/sources.list.d/debian.sources';

/** Whether Debian's packages are there or can be fetched. */
export const canHaveDebianTools = (): boolean =>
  existsSync(done()) || (existsSync(sourcesFile) && works('dpkg', ['--version']));

/**
 * Returns a folder with etcd, kubectl, containerd, network plug-ins and Prometheus, from Debian's newest packages, fetched
 * and unpacked first if need be. The system's own packages stay as they are.
 */
export function debianTools(): string {
  if (existsSync(done())) return root();
  const base = join(cacheFolder('kube'), 'apt');
  for (const path of ['lists/partial', 'cache/archives/partial', 'etc', 'debs'])
    mkdirSync(join(base, path), { recursive: true });
  mkdirSync(root(), { recursive: true });
  writeFileSync(join(base, 'status'), '');
  const mirror = /^URIs:\s*(\S+)/m.exec(readFileSync(sourcesFile, 'utf8'))?.[1] ?? '';
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(join(base, 'etc/sources.list'), `deb [signed-by=${keyring}] ${mirror} sid main\n`);
  const settings = {
    'Dir::Etc::sourcelist': join(base, 'etc/sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State': base,
    'Dir::State::lists': join(base, 'lists'),
    'Dir::State::status': join(base, 'status'),
    'Dir::Cache': join(base, 'cache'),
    'APT::Architecture': 'amd64',
  };
  const file = join(base, 'apt.conf');
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(''),
  );
  const run = (program: string, ...args: readonly string[]): void => {
    execFileSync(program, args, { cwd: join(base, 'debs'), env: { ...process.env, APT_CONFIG: file }, stdio: 'pipe' });
  };
  run('apt-get', 'update', '-q');
  for (const name of packages) run('apt-get', 'download', '-q', name);
  for (const name of readdirSync(join(base, 'debs'))) run('dpkg', '-x', join(base, 'debs', name), root());
  writeFileSync(done(), '');
  return root();
}

const root = (): string => join(cacheFolder('kube'), 'root');
const done = (): string => join(root(), '.complete');
