import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, loadConfig } from '@sluice/config';
import { z } from 'zod';
import type { Manifest } from '../../src/chart/helm.ts';
import { find } from '../../src/chart/manifests.ts';

const configMapSchema = z.object({ data: z.object({ 'sluice.yaml': z.string() }) });

/** Variables that come from Secrets, with values that a Secret might hold. */
const secrets = {
  SLUICE_API_KEYS: 'sk-test-key',
  SLUICE_SECRET_KEY: '0123456789abcdef0123456789abcdef',
  REDIS_USERNAME: 'sluice',
  REDIS_PASSWORD: 'a password',
  OPENAI_API_KEY: 'sk-openai',
  ANTHROPIC_API_KEY: 'sk-anthropic',
  ZAI_API_KEY: 'zai.key',
};

/** Reads the chart's sluice.yaml with the services' own reader, which refuses unknown settings and contradictions. */
export function loadRendered(manifests: readonly Manifest[]): Config {
  const { data } = configMapSchema.parse(find(manifests, 'ConfigMap', 'rel-sluice'));
  const folder = mkdtempSync(join(tmpdir(), 'sluice-rendered-'));
  try {
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, data['sluice.yaml']);
    return loadConfig({ env: { ...secrets, SLUICE_CONFIG: file }, cwd: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
