import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { cacheFolder } from '../cache-folder.ts';
import { works } from '../wanted-tool.ts';

/** Programs that are built from Go modules, because their packages are not available everywhere. */
export type GoTool = keyof typeof recipes;

const kubernetes = '1.36.3';
const keda = 'v2.21.0';

interface Recipe {
  readonly module: string;
  readonly version: string;
  readonly path: string;
  /**
   * The module's go.mod replaces modules; `go install` refuses that, so a generated module repeats the replacements. `plain`:
   * the program's path does not end in its name, which `go install` would use.
   */
  readonly wrapper?: 'kubernetes' | 'keda' | 'plain';
}

const ofKubernetes = (name: string): Recipe => ({
  module: 'k8s.io/kubernetes',
  version: `v${kubernetes}`,
  path: `k8s.io/kubernetes/cmd/${name}`,
  wrapper: 'kubernetes',
});

const ofKeda = (name: string): Recipe => ({
  module: 'github.com/kedacore/keda/v2',
  version: keda,
  path: `github.com/kedacore/keda/v2/cmd/${name}`,
  wrapper: 'keda',
});

const recipes = {
  helm: { module: 'helm.sh/helm/v4', version: 'v4.3.1', path: 'helm.sh/helm/v4/cmd/helm' },
  'kube-apiserver': ofKubernetes('kube-apiserver'),
  'kube-controller-manager': ofKubernetes('kube-controller-manager'),
  'kube-scheduler': ofKubernetes('kube-scheduler'),
  kubelet: ofKubernetes('kubelet'),
  'kube-proxy': ofKubernetes('kube-proxy'),
  'kube-network-policies': {
    module: 'sigs.k8s.io/kube-network-policies',
    version: 'v0.8.0',
    path: 'sigs.k8s.io/kube-network-policies/cmd',
    wrapper: 'plain',
  },
  'keda-operator': ofKeda('operator'),
  'keda-adapter': ofKeda('adapter'),
} satisfies Record<string, Recipe>;

/** Folder of the programs. */
const goToolFolder = (): string => join(cacheFolder('kube'), 'bin');

/** Returns whether the programs are available or can be built. */
export const canHave = (...names: readonly GoTool[]): boolean =>
  names.every((name) => existsSync(join(goToolFolder(), name))) || works('go', ['version']);

/**
 * Returns the path of a program; builds it if the cache does not have it: up to five minutes for Helm, eight for the API
 * server, fourteen for KEDA on two cores.
 *
 * @throws Error when the build fails
 */
export async function goTool(name: GoTool): Promise<string> {
  const target = join(goToolFolder(), name);
  if (existsSync(target)) return target;
  mkdirSync(goToolFolder(), { recursive: true });
  const recipe: Recipe = recipes[name];
  const { path, version } = recipe;
  if (recipe.wrapper === undefined)
    await go(['install', '-ldflags', '-s -w', `${path}@${version}`], cacheFolder('kube'));
  else await buildWrapped(name, target, recipe);
  return target;
}

async function buildWrapped(name: GoTool, target: string, { module, version, path, wrapper }: Recipe): Promise<void> {
  const folder = join(cacheFolder('kube'), 'src', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await go(['mod', 'init', 'wrapper'], folder);
  await go(['mod', 'edit', '-go=1.26.0'], folder);
  const replaces = (await replacementsOf(`${module}@${version}`, folder)).map(({ old, by }) =>
    wrapper === 'kubernetes' ? `-replace=${old}=${old}@v0.${kubernetes.slice(2)}` : `-replace=${old}=${by}`,
  );
  if (replaces.length > 0) await go(['mod', 'edit', ...replaces], folder);
  await go(['get', '-tool', `${path}@${version}`], folder);
  await go(['build', '-ldflags', linkerFlags(wrapper), '-o', target, path], folder);
}

/** Flags that set the version at link time: the components of Kubernetes must have the same one. */
const linkerFlags = (wrapper: Recipe['wrapper']): string => {
  const [major, minor] = kubernetes.split('.');
  const variables = { gitVersion: `v${kubernetes}`, gitMajor: major, gitMinor: minor };
  const told = Object.entries(variables).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  return ['-s -w', ...(wrapper === 'kubernetes' ? told : [])].join(' ');
};

const replaceSchema = z.object({
  Replace: z
    .array(
      z.object({
        Old: z.object({ Path: z.string(), Version: z.string().optional() }),
        New: z.object({ Path: z.string(), Version: z.string().optional() }),
      }),
    )
    .nullish(),
});

async function replacementsOf(
  module: string,
  folder: string,
): Promise<readonly { readonly old: string; readonly by: string }[]> {
  const { GoMod } = z
    .object({ GoMod: z.string() })
    .parse(JSON.parse(await go(['mod', 'download', '-json', module], folder)));
  const { Replace } = replaceSchema.parse(JSON.parse(await go(['mod', 'edit', '-json', GoMod], folder)));
  const named = ({ Path, Version }: { Path: string; Version?: string | undefined }): string =>
    Version === undefined ? Path : `${Path}@${Version}`;
  return (Replace ?? []).map((one) => ({ old: named(one.Old), by: named(one.New) }));
}

/** The folder of a module's files, as in `sigs.k8s.io/gateway-api@v1.6.3`. */
export async function moduleFolder(module: string): Promise<string> {
  const told = JSON.parse(await go(['mod', 'download', '-json', module], cacheFolder('kube'))) as unknown;
  return z.object({ Dir: z.string() }).parse(told).Dir;
}

/** Runs `go` with separate caches and a low priority: other work may measure on this machine. */
async function go(args: readonly string[], cwd: string): Promise<string> {
  const base = cacheFolder('kube');
  const env = {
    ...process.env,
    GOPATH: join(base, 'go'),
    GOCACHE: join(base, 'gocache'),
    GOBIN: goToolFolder(),
    GOFLAGS: '-modcacherw',
    CGO_ENABLED: '0',
  };
  const { stdout } = await promisify(execFile)('nice', ['-n', '19', 'go', ...args], { cwd, env, maxBuffer: 1 << 26 });
  return stdout;
}
