import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, loadConfig } from '@sluice/config';
import { z } from 'zod';
import type { Manifest } from '../../src/chart/helm.ts';
import { deployment, find } from '../../src/chart/manifests.ts';

const configMapSchema = z.object({ data: z.object({ 'sluice.yaml': z.string() }) });

/** Example values of the variables that come from Secrets. */
const secrets: Readonly<Record<string, string>> = {
  SLUICE_API_KEYS: 'sk-test-key',
  SLUICE_SECRET_KEY: '0123456789abcdef0123456789abcdef',
  REDIS_PASSWORD: 'a password',
  REDIS_SENTINEL_PASSWORD: 'a password of sentinels',
  OPENAI_API_KEY: 'sk-openai',
  ANTHROPIC_API_KEY: 'sk-anthropic',
  ZAI_API_KEY: 'zai.key',
  DATABASE_URL: 'postgres://sluice:of-the-database@db.data:5432/sluice',
  REDIS_URL: 'rediss://user:of-redis@redis.data:6380/0',
};

/**
 * Reads the chart's sluice.yaml as a pod of a service does: with the pod's variables, and with the services' own reader,
 * which refuses unknown settings, contradictions and missing variables.
 */
export function loadRendered(manifests: readonly Manifest[], component: 'ingress' | 'worker' = 'worker'): Config {
  const { data } = configMapSchema.parse(find(manifests, 'ConfigMap', 'rel-sluice'));
  const [container] = deployment(manifests, `rel-sluice-${component}`).spec.template.spec.containers;
  const variables = container.env.map(({ name, value }) => [name, value ?? secrets[name]]);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-rendered-'));
  try {
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, data['sluice.yaml']);
    return loadConfig({ env: { ...Object.fromEntries(variables), SLUICE_CONFIG: file }, cwd: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
