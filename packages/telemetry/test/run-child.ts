import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ChildRun {
  readonly process: ChildProcess;
  /** Returns the output written so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
}

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Runs `child/worker/main.ts` after Sluice's register file, without this process's OpenTelemetry variables. */
export function runWorker(env: Readonly<Record<string, string>>): ChildRun {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL|SLUICE|NODE_OPTIONS|VITEST)/.test(name));
  const child = spawn(
    process.execPath,
    [
      '--conditions=@sluice/source',
      `--import=${pathOf('./child/record-modules.ts')}`,
      `--import=${pathOf('../src/register.ts')}`,
      pathOf('./child/worker/main.ts'),
    ],
    { env: { ...Object.fromEntries(inherited), ...env }, stdio: 'pipe' },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    exited: once(child, 'close').then(([code]: (number | null)[]) => code ?? null),
  };
}

/** Returns the value under `name` in the JSON lines of the child. */
export function saidBy(run: ChildRun, name: string): unknown {
  const lines = run
    .stdout()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return lines.find((line) => name in line)?.[name];
}
