import { createUpstreamHealth } from '@sluice/admission';
import { ConfigError, loadConfig, readRedisFiles } from '@sluice/config';
import { connect, createKeys, untilReady } from '@sluice/redis';
import { rests, UsageError } from './rests.ts';

const answerMs = 5000;

async function main(args: readonly string[]): Promise<void> {
  const config = loadConfig({ env: process.env, cwd: process.cwd(), isKeyRequired: false });
  const connection = connect({
    settings: readRedisFiles(config.redis),
    role: 'command',
    name: 'sluice-rests',
    onError: () => undefined,
  });
  try {
    await untilReady(connection, answerMs);
    const health = createUpstreamHealth({
      connection,
      keys: createKeys(config.redis.keyPrefix),
      breaker: config.breaker,
      maxRestMs: config.retry.maxRestMs,
      probeMs: config.timeouts.firstTokenMs,
    });
    for (const line of await rests({ config, health }, args)) process.stdout.write(`${line}\n`);
  } finally {
    connection.disconnect();
  }
}

function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof UsageError) return error.message;
  return error instanceof Error ? `Redis can't be asked: ${error.message}` : String(error);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
});
