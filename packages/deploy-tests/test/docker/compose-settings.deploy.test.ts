import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openaiClient } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  bringBaseImages,
  buildImage,
  type ComposeProject,
  composeProject,
  hasEngine,
  isMissing,
} from '../../src/index.ts';
import { answer } from './streams.ts';

const one = ['--scale', 'ingress=1', '--scale', 'worker=1'];
const key = 'sk-of-the-person-0001';

/** Variables of the gateway's own README; only keys and addresses differ, because Sluice refuses example keys. */
const z2api = `
DEFAULT_KEY="${key}"
UPSTREAM_URL="http://simulator:9900/api/chat/completions"
UPSTREAM_TOKEN="tok-of-the-person"
PERFORMANCE_MODE="balanced"
MAX_RETRIES=3
REQUEST_TIMEOUT=120000
MAX_CONCURRENT_CONNECTIONS=1000
ANON_TOKEN_ENABLED=false
THINK_TAGS_MODE="think"
`;

const file = `
keys: [{ name: person, key: '\${KEY_OF_THE_PERSON}' }]
server: { trust_proxy: true }
upstreams: [{ id: sim, type: openai, base_url: http://simulator:9900/v1, credentials: [{ id: a, api_key: tok-a }] }]
models: [{ id: of-the-file, targets: [{ upstream: sim, model: demo-t5 }] }]
`;

describe.skipIf(isMissing('A Docker engine with compose', hasEngine()))('docker compose up with a .env', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-deploy-'));
  let project: ComposeProject | undefined;
  beforeAll(async () => {
    await bringBaseImages();
    for (const target of ['ingress', 'worker', 'simulator'] as const) await buildImage(target);
  });
  afterEach(() => project?.down());
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Another file in place of `.env`, which belongs to the person who uses the folder. */
  async function projectWith(dotenv: string, env: Readonly<Record<string, string>> = {}): Promise<ComposeProject> {
    const path = join(folder, 'dotenv');
    writeFileSync(path, dotenv);
    const override = join(folder, 'override.yaml');
    const services = Object.fromEntries(
      ['ingress', 'worker', 'setup', 'migrate'].map((name) => [name, { env_file: [path] }]),
    );
    writeFileSync(override, JSON.stringify({ services }));
    project = await composeProject('sluice-deploy-settings', env, [override]);
    await project.down();
    return project;
  }

  test('of another gateway, with one variable more, serves its models to its keys', async () => {
    const { up, baseUrl, compose } = await projectWith(`SLUICE_COMPAT=z2api${z2api}`);
    await up(...one);
    expect(await answer(openaiClient({ baseUrl, apiKey: key }), 'GLM-4.5')).toBe('whole');
    // The configured key is used: none is generated.
    expect(await compose('logs', 'setup')).not.toContain('API key');
  });

  test('that names a configuration file serves what that says', async () => {
    const path = join(folder, 'sluice.yaml');
    writeFileSync(path, file);
    const { up, baseUrl } = await projectWith(`KEY_OF_THE_PERSON=${key}\n`, { SLUICE_CONFIG: path });
    await up(...one);
    const client = openaiClient({ baseUrl, apiKey: key });
    expect(await answer(client, 'of-the-file')).toBe('whole');
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['of-the-file']);
  });

  test('with a mistake starts nothing, and tells it once', async () => {
    const { up, compose, containers } = await projectWith('SLUICE_COMPAT=z3api\n');
    await expect(up(...one)).rejects.toThrow(/setup/);
    expect(await compose('logs', 'setup')).toMatch(/SLUICE_COMPAT/);
    expect((await containers('ingress')).filter(({ State }) => State === 'running')).toEqual([]);
  });
});
