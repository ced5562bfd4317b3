import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { inRepository } from '../repository.ts';

/** `otelcol` is the collector with the components that deploy/otel/collector.yaml uses. */
export type Tool = 'prometheus' | 'promtool' | 'otelcol' | 'grafana-decoder';

/** Tools that this process has tried to install: a failed installation is not repeated. */
const tried = new Set<Tool>();

/**
 * Returns the path of a tool in the cache; undefined if it can't be installed. Installs a missing tool, which takes minutes,
 * and prints a message.
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
