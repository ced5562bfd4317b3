import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../cache-folder.ts';

/** `otelcol` is the collector with the components that deploy/otel/collector.yaml uses. */
export type Tool = 'prometheus' | 'promtool' | 'otelcol' | 'grafana-decoder';

const folder = (): string => cacheFolder('observability');
let isBrought = false;

/**
 * Path of a tool in the cache; undefined where it can't be had. Brings what is missing, which takes minutes, and says so.
 */
export function findTool(tool: Tool): string | undefined {
  const path = join(folder(), 'bin', tool);
  if (!existsSync(path) && !isBrought) bring();
  return existsSync(path) ? path : undefined;
}

function bring(): void {
  isBrought = true;
  process.stderr.write(`bringing tools to ${folder()}; the first time this takes minutes\n`);
  const script = fileURLToPath(new URL('../../src/observability/bring-tools.sh', import.meta.url));
  spawnSync('bash', [script, folder()], { stdio: ['ignore', 'ignore', 'inherit'] });
}
