import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterFile, type Fleet, spawnService, startFleet, until, verifies } from '@sluice/testkit';
import { beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { apiKey, ask } from './sluice.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-log-file-'));
afterFile(async () => rmSync(folder, { recursive: true, force: true }));
let path: string;
beforeEach(() => {
  path = join(folder, randomBytes(4).toString('hex'), 'sluice.log');
});

const line = z.object({ service: z.string(), level: z.string(), msg: z.string(), request_id: z.string().optional() });
type Line = z.infer<typeof line>;

/** Returns the lines of the file and of its older parts. */
const lines = (): Line[] => textsBeside(path).flatMap((text) => text.split('\n').slice(0, -1).map(parsed));
const parsed = (text: string): Line => line.parse(JSON.parse(text));

function textsBeside(file: string): string[] {
  const parent = join(file, '..');
  return readdirSync(parent).map((name) => readFileSync(join(parent, name), 'utf8'));
}

const configOf = (log: object) => ({ keys: [{ name: 'test', key: apiKey }], log });

async function started(log: object, env: Readonly<Record<string, string>> = {}): Promise<Fleet> {
  const fleet = await startFleet({
    ingresses: 1,
    workers: 1,
    env,
    config: configOf(log),
    redisUrl: inject('redisUrl'),
    keyPrefix: `e2e-${randomBytes(6).toString('hex')}`,
  });
  onTestFinished(fleet.stop);
  return fleet;
}

async function post(fleet: Fleet, id: string): Promise<number> {
  const { status } = await fetch(`${fleet.urls[0]}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'x-request-id': id },
    body: JSON.stringify({ ...ask('unknown-model') }),
  });
  return status;
}

describe('services that are started by themselves', () => {
  it('append their lines to the same log file, to the last one', verifies('003-28'), async () => {
    const fleet = await started({ file: path, level: 'info' });
    const ids = Array.from({ length: 50 }, (_, at) => `request-${at}`);
    await Promise.all(ids.map((id) => post(fleet, id)));
    await fleet.stop();
    const written = lines();
    const count = (service: string, msg: string): number =>
      written.filter((each) => each.service === service && each.msg === msg).length;
    expect([count('sluice-ingress', 'ingress ready'), count('sluice-worker', 'worker ready')]).toEqual([1, 1]);
    expect([count('sluice-ingress', 'ingress stopped'), count('sluice-worker', 'worker stopped')]).toEqual([1, 1]);
    const shown = written.flatMap(({ request_id: id }) => id ?? []).filter((id) => id.startsWith('request-'));
    expect(shown.toSorted()).toEqual(ids.toSorted());
  });

  it('leave the file to the launcher under `npm start`', async () => {
    const fleet = await started({ file: path }, { SLUICE_LOG_FILE_BY_LAUNCHER: '1' });
    await fleet.stop();
    expect(() => readFileSync(path)).toThrow('ENOENT');
  });

  it('do not start if the file that somebody has named can not be written', async () => {
    writeFileSync(join(folder, 'a-file'), '');
    const file = join(folder, 'a-file/sluice.log');
    for (const name of ['ingress', 'worker'] as const) {
      await expect(spawnService(name, { config: configOf({ file }) })).rejects.toThrow(
        `log.file: The log ${file} can't be written`,
      );
    }
  });

  it('serve on a full disk, and say so once', async () => {
    mkdirSync(join(path, '..'), { recursive: true });
    symlinkSync('/dev/full', path);
    const fleet = await started({ file: path });
    const ids = Array.from({ length: 20 }, (_, at) => `request-${at}`);
    for (const id of ids) expect(await post(fleet, id)).toBe(404);
    const [ingress] = fleet.ingresses;
    await until(() => ids.every((id) => ingress?.output().includes(id)), { what: 'the lines on stdout' });
    expect(ingress?.output().match(/can't be written any more: ENOSPC/g)).toHaveLength(1);
  });
});
