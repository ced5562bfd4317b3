import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifies } from '@sluice/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type FileFacts, judgeFiles, readFiles } from '../../src/doctor/machine/files.ts';
import { judgePort, type PortFacts } from '../../src/doctor/machine/ports.ts';
import { judgeProcess, type ProcessFacts } from '../../src/doctor/machine/process.ts';
import { baseUrl, judgeRunning } from '../../src/doctor/machine/running.ts';

const mebibyte = 1024 * 1024;
const facts: ProcessFacts = { nodeVersion: 'v24.21.0', memoryLimitBytes: undefined, openFiles: 1_048_576 };
const demand = { maxConnections: 10_000, bodyBudgetBytes: 256 * mebibyte };

describe('the limits of the processes', () => {
  const judge = (more: Partial<ProcessFacts>): string[] =>
    judgeProcess({ ...facts, ...more }, demand).flatMap(({ level, id, text }) =>
      level === 'ok' ? [] : [`${level} ${id}: ${text}`],
    );

  it('are ok if they are wide', () => {
    expect(judge({})).toEqual([]);
    expect(judge({ openFiles: Infinity, memoryLimitBytes: 1024 * mebibyte })).toEqual([]);
    expect(judge({ openFiles: undefined })).toEqual([]);
  });

  it.each<[more: Partial<ProcessFacts>, finding: RegExp]>([
    [{ nodeVersion: 'v22.1.0' }, /^problem machine\.node: This is Node 22\.1\.0, and Sluice needs 24/],
    [{ memoryLimitBytes: 128 * mebibyte }, /^problem machine\.memory: This container may use 128 MiB/],
    [{ memoryLimitBytes: 400 * mebibyte }, /^warning machine\.memory: .* needs 512 MiB/],
    [{ openFiles: 256 }, /^problem machine\.open_files: A process may open 256 files/],
    [{ openFiles: 4096 }, /^warning machine\.open_files: .* server\.max_connections allows 10000 clients/],
  ])('%o are too narrow', verifies('001-59'), (more, finding) => {
    expect(judge(more)).toEqual([expect.stringMatching(finding)]);
  });

  it('are judged without a configuration, too', () => {
    expect(judgeProcess(facts, undefined).map(({ level }) => level)).toEqual(['ok', 'ok', 'ok']);
  });
});

describe('files', () => {
  const judge = (...files: FileFacts[]): string[] =>
    judgeFiles(files, 'linux').map(({ level, text, advice }) => `${level}: ${text} ${advice ?? ''}`.trim());

  it('that no other user can read are named together', () => {
    expect(
      judge(
        { path: '/a/sluice.yaml', kind: 'config', mode: 0o600 },
        { path: '/a/.sluice', kind: 'state', mode: 0o700 },
      ),
    ).toEqual(['ok: No other user can read the secrets in /a/sluice.yaml, /a/.sluice.']);
  });

  it('that others can read are problems, those that the group can read are warnings', () => {
    expect(
      judge(
        { path: '/a/sluice.yaml', kind: 'config', mode: 0o644 },
        { path: '/a/.env', kind: 'dotenv', mode: 0o640 },
        { path: '/a/.sluice', kind: 'state', mode: 0o755 },
        { path: '/a/login.json', kind: 'login', mode: 0o604 },
      ),
    ).toEqual([
      'problem: /a/sluice.yaml has secrets in it, and every user of this machine can read it (mode 644). chmod 600 /a/sluice.yaml',
      'warning: /a/.env usually has secrets in it, and its group can read it (mode 640). chmod 600 /a/.env',
      'problem: /a/.sluice holds keys, prompts and logs, and every user of this machine can read it (mode 755). chmod 700 /a/.sluice',
      "problem: /a/login.json holds a person's login, and every user of this machine can read it (mode 604). chmod 600 /a/login.json",
    ]);
  });

  it(
    'without secrets may be open, and those that are not there do not matter, but for a login',
    verifies('004-27'),
    () => {
      expect(judge({ path: '/a/.env', kind: 'dotenv', mode: undefined })).toEqual([]);
      expect(judge({ path: '/a/sluice.yaml', kind: 'secretless', mode: 0o644 })[0]).toMatch(/^ok/);
      expect(judge({ path: '/a/login.json', kind: 'login', mode: undefined })).toEqual([
        expect.stringMatching(/^problem: The login \/a\/login\.json is not there\. Run `npm run login`/),
      ]);
      expect(judge({ path: '/a/login.json', kind: 'login', mode: undefined, error: 'EACCES' })).toEqual([
        expect.stringMatching(/^problem: \/a\/login\.json can't be looked at \(EACCES\)\./),
      ]);
    },
  );

  it('are absent if a folder has their name, as a Python environment in .env', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-files-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const [env, file, state] = [join(folder, '.env'), join(folder, 'env'), join(folder, 'state')];
    await mkdir(env);
    await writeFile(file, 'A=b');
    await mkdir(state);
    for (const path of [env, file, state]) await chmod(path, 0o755);
    const facts = await readFiles([
      { path: env, kind: 'dotenv' },
      { path: file, kind: 'dotenv' },
      { path: state, kind: 'state' },
    ]);
    expect(facts.map(({ mode }) => mode)).toEqual([undefined, 0o755, 0o755]);
    expect(judgeFiles(facts, 'linux').map(({ text }) => text.split(' ')[0])).toEqual([file, state]);
  });

  it('have no such rights on Windows', () => {
    expect(judgeFiles([{ path: 'C:\\sluice.yaml', kind: 'config', mode: 0o666 }], 'win32')).toEqual([]);
  });
});

describe('a port', () => {
  const port: PortFacts = {
    purpose: 'the ingress, for clients',
    host: '127.0.0.1',
    port: 8080,
    setting: 'PORT',
    need: 'must',
    state: { kind: 'free' },
  };
  const taken = { kind: 'taken', holder: 'nginx (process 812)' } as const;

  it.each<[more: Partial<PortFacts>, level: string, text: string]>([
    [{}, 'ok', 'Port 8080 on 127.0.0.1 (the ingress, for clients) is free.'],
    [{ port: 0 }, 'ok', 'Any free port will do for the ingress, for clients.'],
    [
      { state: { kind: 'ours', program: 'an ingress' } },
      'ok',
      'Port 8080 on 127.0.0.1 (the ingress, for clients) is in use by an ingress of Sluice that already runs.',
    ],
    [{ state: taken }, 'problem', 'Port 8080 on 127.0.0.1 (the ingress, for clients) is taken by nginx (process 812).'],
    [
      { state: { kind: 'taken', holder: undefined }, need: 'npm_start' },
      'warning',
      'Port 8080 on 127.0.0.1 (the ingress, for clients) is taken by a process that this user may not see. `npm start` takes the next free port.',
    ],
    [
      { state: taken, need: 'any' },
      'warning',
      'Port 8080 on 127.0.0.1 (the ingress, for clients) is taken by nginx (process 812). Another free port is used instead.',
    ],
    [
      { state: { kind: 'refused', code: 'EACCES' } },
      'problem',
      "Port 8080 on 127.0.0.1 (the ingress, for clients) can't be listened on: this user may not listen on it; ports below 1024 are for root.",
    ],
  ])('%o is %s', (more, level, text) => {
    expect(judgePort({ ...port, ...more })).toMatchObject({ id: 'ports', level, text });
  });
});

describe('an ingress that runs', () => {
  const status = {
    redis: 'ok',
    draining: false,
    max_connections: 100,
    fleet: { running_requests: 3, waiting_requests: 0, longest_wait_ms: null },
    memory_usage_mb: 120,
  };
  const bad = (more: object, limit?: number): string[] =>
    judgeRunning({ ...status, ...more }, limit).flatMap(({ level, text }) => (level === 'ok' ? [] : [text]));

  it('with spare capacity is ok', () => {
    expect(bad({})).toEqual([]);
  });

  it('is a warning when requests wait, it serves no client, or memory is tight', verifies('001-58'), () => {
    expect(bad({ fleet: { running_requests: 100, waiting_requests: 7 } })).toEqual([
      '100 of 100 requests run over all replicas, and 7 wait.',
    ]);
    expect(bad({ redis: 'unreachable' })).toEqual([expect.stringContaining('takes no requests')]);
    expect(bad({}, 128 * mebibyte)).toEqual(['The ingress that runs here uses 120 MiB of memory of 128.']);
  });

  it.each<[name: string, more: object, limit: number | undefined, finding: RegExp | undefined]>([
    ['has room', { memory_limit_mb: 256 }, undefined, undefined],
    ['has no limit', { memory_limit_mb: null }, undefined, undefined],
    ['is tight', { memory_limit_mb: 256, memory_usage_mb: 310 }, undefined, /memory_limit_bytes allows 256 besides\.$/],
    ['is tight', { memory_limit_mb: 256, memory_usage_mb: 310 }, 1024 * mebibyte, /allows 256 besides\.$/],
    ['is tight', { memory_limit_mb: 1024, memory_usage_mb: 480 }, 512 * mebibyte, /uses 480 MiB of memory of 512\.$/],
    ['is full', { memory_limit_mb: 256, status: 'degraded' }, undefined, /refuses new requests: server\.memory_limit/],
  ])('whose memory %s: %o in a container of %o', verifies('001-59'), (_name, more, limit, finding) => {
    expect(bad(more, limit)).toEqual(finding === undefined ? [] : [expect.stringMatching(finding)]);
  });

  it('is not reported as full when it is degraded for another reason', () => {
    const more = { memory_limit_mb: 256, status: 'degraded', draining: true };
    expect(bad(more)).toEqual([expect.stringContaining('takes no requests')]);
  });

  it('gets advice that names the limit that is reached first', () => {
    const adviceOf = (limit: number | undefined): (string | undefined)[] =>
      judgeRunning({ ...status, memory_limit_mb: 256, memory_usage_mb: 320 }, limit).flatMap(({ id, advice }) =>
        id === 'running.memory' ? [advice] : [],
      );
    expect(adviceOf(undefined)).toEqual([expect.stringMatching(/server\.memory_limit_bytes \(MEMORY_LIMIT_MB/)]);
    expect(adviceOf(300 * mebibyte)).toEqual(['Give the container more memory.']);
  });

  it.each([
    ['0.0.0.0', 'http://127.0.0.1:9463'],
    ['::', 'http://127.0.0.1:9463'],
    ['::1', 'http://[::1]:9463'],
    ['10.0.0.4', 'http://10.0.0.4:9463'],
  ])('that listens on %s is asked at %s', (host, url) => {
    expect(baseUrl(host, 9463)).toBe(url);
  });
});
