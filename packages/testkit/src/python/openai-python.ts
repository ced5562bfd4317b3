import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Version of OpenAI's own client for Python, as `pip install openai` installs it. */
const openaiVersion = '3.57.0';
const oldestPython = '3.10';
const installTimeoutMs = 180_000;
const scriptTimeoutMs = 90_000;
const lockPollMs = 200;

const run = promisify(execFile);

/** A Python with OpenAI's client, or the reason why it is missing. */
export type OpenAiPython =
  | {
      readonly kind: 'ready';
      /**
       * Runs a script and resolves with its output.
       * @param env added to the variables of this process
       * @throws Error with its output when it fails
       */
      run(script: string, env?: Readonly<Record<string, string>>): Promise<string>;
    }
  | { readonly kind: 'missing'; readonly reason: string };

/**
 * Finds Python 3 on PATH and installs OpenAI's client into a virtual environment in `.sluice`, which later runs use again.
 * Several processes may call it at once.
 */
export async function openaiPython(): Promise<OpenAiPython> {
  const folder = fileURLToPath(new URL(`../../../../.sluice/python-openai-${openaiVersion}`, import.meta.url));
  const python = `${folder}/bin/python`;
  if (!existsSync(python)) {
    const reason = await installOnce(folder);
    if (reason !== undefined) return { kind: 'missing', reason };
  }
  return {
    kind: 'ready',
    run: async (script, env = {}) => {
      const options = { timeout: scriptTimeoutMs, env: { ...process.env, PYTHONIOENCODING: 'utf-8', ...env } };
      return (await run(python, ['-c', script], options)).stdout;
    },
  };
}

/** Installs it like {@link install}, or waits while another process installs it. */
async function installOnce(folder: string): Promise<string | undefined> {
  const lock = `${folder}.lock`;
  await mkdir(dirname(folder), { recursive: true });
  for (;;) {
    const isOurs = await mkdir(lock).then(
      () => true,
      () => false,
    );
    if (isOurs) break;
    if (existsSync(folder)) return undefined;
    const lockedAt = await stat(lock).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    );
    // The lock is stale: its process was killed.
    if (Date.now() - lockedAt > 2 * installTimeoutMs) await rm(lock, { recursive: true, force: true });
    await delay(lockPollMs);
  }
  try {
    return existsSync(folder) ? undefined : await install(folder);
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** Installs the client. Returns the reason of a failure, else undefined. */
async function install(folder: string): Promise<string | undefined> {
  const isNewEnough = `import sys; sys.exit(sys.version_info < (${oldestPython.replace('.', ', ')}))`;
  const draft = `${folder}.${process.pid}`;
  const steps = [
    { file: 'python3', args: ['-c', isNewEnough], what: `there is no python3 of ${oldestPython} or newer on PATH` },
    { file: 'python3', args: ['-m', 'venv', draft], what: 'python3 makes no virtual environment' },
    {
      file: `${draft}/bin/python`,
      args: ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `openai==${openaiVersion}`],
      what: `pip does not install openai ${openaiVersion}`,
    },
  ];
  try {
    for (const { file, args, what } of steps) {
      const failure = await run(file, args, { timeout: installTimeoutMs }).then(() => undefined, lastLine);
      if (failure !== undefined) return `${what}: ${failure}`;
    }
    await rename(draft, folder);
    return undefined;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

const lastLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).trimEnd().split('\n').at(-1) ?? '';
