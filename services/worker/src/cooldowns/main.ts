import { profiles } from '@sluice/compat';
import { ConfigError, loadConfig } from '@sluice/config';
import { cooldowns, UsageError } from './cooldowns.ts';
import { withHealth } from './with-health.ts';

async function main(args: readonly string[]): Promise<void> {
  const config = loadConfig({ env: process.env, cwd: process.cwd(), isKeyRequired: false, profiles });
  const lines = await withHealth(config, 'sluice-cooldowns', (health) => cooldowns({ config, health }, args));
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof UsageError) return error.message;
  return error instanceof Error ? `Redis can't be asked: ${error.message}` : String(error);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
});
