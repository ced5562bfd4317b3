import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '@sluice/testkit';
import { onTestFinished } from 'vitest';
import type { Check } from '../../src/doctor/check.ts';
import { examine as look } from '../../src/doctor/doctor.ts';
import type { Report } from '../../src/doctor/report.ts';

const main = fileURLToPath(new URL('../../src/doctor/main.ts', import.meta.url));

export interface Examination {
  /** The content of `sluice.yaml`; absent: there is none. */
  readonly config?: object;
  /** The mode of that file; default: only its owner may read it. */
  readonly mode?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly startedRedisUrl?: string;
  readonly startedDatabaseUrl?: string;
}

export interface Diagnosis {
  readonly code: number | null;
  readonly output: string;
}

async function folderFor({ config, mode = 0o600 }: Examination): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-doctor-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  if (config === undefined) return folder;
  await writeFile(join(folder, 'sluice.yaml'), JSON.stringify(config, null, 2));
  await chmod(join(folder, 'sluice.yaml'), mode);
  return folder;
}

/** Runs the doctor as a process, in a folder of its own. */
export async function runDoctor({
  args = [],
  ...examination
}: Examination & { args?: readonly string[] }): Promise<Diagnosis> {
  const running = await startProcess({
    command: process.execPath,
    args: ['--conditions=@sluice/source', main, ...args],
    cwd: await folderFor(examination),
    ...(examination.env === undefined ? {} : { env: examination.env }),
  });
  const { code } = await running.exited;
  return { code, output: running.output() };
}

/** Runs the doctor within this process. */
export async function examine(examination: Examination): Promise<Report> {
  return look({
    env: examination.env ?? {},
    cwd: await folderFor(examination),
    stateFolder: undefined,
    startedRedisUrl: examination.startedRedisUrl,
    startedDatabaseUrl: examination.startedDatabaseUrl,
  });
}

/** Lists the checks that are not ok, as `problem redis.login: …`. */
export const findings = ({ checks }: { readonly checks: readonly Check[] }): string[] =>
  checks.flatMap(({ level, id, text }) => (level === 'ok' ? [] : [`${level} ${id}: ${text}`]));
