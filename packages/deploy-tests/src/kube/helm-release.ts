import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { chartFolder } from '../chart/helm.ts';

export interface ReleaseRequest {
  readonly helm: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly name: string;
}

/** A release of the chart in a cluster, by Helm's own commands. Each throws with Helm's output if it fails. */
export interface HelmRelease {
  install(args: readonly string[]): string;
  upgrade(args: readonly string[]): string;
  /** Upgrades asynchronously. */
  upgradeUnderWay(args: readonly string[]): Promise<void>;
  rollback(revision: number, args?: readonly string[]): string;
  uninstall(): string;
  /** Runs `helm test` and returns the output of the test. */
  test(): Promise<string>;
  /** The revisions, as Helm lists them. */
  history(): string;
}

export function helmRelease({ helm, kubeconfig, namespace, name }: ReleaseRequest): HelmRelease {
  const place = ['--kubeconfig', kubeconfig, '--namespace', namespace];
  const run = (...args: readonly string[]): string =>
    execFileSync(helm, [...args, ...place], { encoding: 'utf8', maxBuffer: 1 << 28, stdio: 'pipe' });
  return {
    install: (args) => run('install', name, chartFolder, ...args),
    upgrade: (args) => run('upgrade', name, chartFolder, ...args),
    async upgradeUnderWay(args) {
      await promisify(execFile)(helm, ['upgrade', name, chartFolder, ...args, ...place]);
    },
    rollback: (revision, args = []) => run('rollback', name, String(revision), ...args),
    uninstall: () => run('uninstall', name),
    // Runs asynchronously: the name service that the pod needs runs in this thread.
    async test() {
      const { stdout } = await promisify(execFile)(helm, ['test', name, '--logs', '--timeout', '3m', ...place]);
      return stdout;
    },
    history: () => run('history', name),
  };
}
