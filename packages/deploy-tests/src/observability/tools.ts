import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { inRepository } from '../repository.ts';

/** `otelcol` is the collector with the components that deploy/otel/collector.yaml uses. */
export type Tool = 'prometheus' | 'promtool' | 'otelcol' | 'grafana-decoder';

/** Those that were tried for in this process: what could not be had once is not tried for again. */
const tried = new Set<Tool>();

/**
 * Path of a tool in the cache; undefined where it can't be had. Brings it if it is missing, which takes minutes, and says so.
 */
export function findTool(tool: Tool): string | undefined {
  const folder = cacheFolder('observability');
  const path = join(folder, 'bin', tool);
  if (!existsSync(path) && !tried.has(tool)) {
    tried.add(tool);
    process.stderr.write(`bringing ${tool} to ${folder}; the first time this takes minutes\n`);
    const script = inRepository('packages/deploy-tests/src/observability/bring-tools.sh');
    spawnSync('bash', [script, folder, tool], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return existsSync(path) ? path : undefined;
}
