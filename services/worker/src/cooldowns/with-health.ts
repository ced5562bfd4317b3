import { createUpstreamHealth, type UpstreamHealth } from '@sluice/upstream-health';
import { type Config, readRedisFiles } from '@sluice/config';
import { connect, createKeys, untilReady } from '@sluice/redis';

const answerMs = 5000;

/**
 * Asks the configured Redis for the health of the upstreams, over a connection of its own.
 *
 * @param name shown by CLIENT LIST
 * @throws Error when Redis does not answer within 5 s, or refuses the credentials
 */
export async function withHealth<Result>(
  config: Config,
  name: string,
  ask: (health: UpstreamHealth) => Promise<Result>,
): Promise<Result> {
  const connection = connect({
    settings: readRedisFiles(config.redis),
    role: 'command',
    name,
    onError: () => undefined,
  });
  try {
    await untilReady(connection, answerMs);
    const health = createUpstreamHealth({
      connection,
      keys: createKeys(config.redis.keyPrefix),
      circuit: config.circuit,
      maxCooldownMs: config.retry.maxCooldownMs,
      probeMs: config.timeouts.firstTokenMs,
    });
    return await ask(health);
  } finally {
    connection.disconnect();
  }
}
