import { createUpstreamHealth } from '@sluice/admission';
import { type Config, readRedisFiles } from '@sluice/config';
import { connect, createKeys, untilReady } from '@sluice/redis';
import { nothingRests, rests } from '../../rests/rests.ts';
import { type Check, ok, warning } from '../check.ts';

const answerMs = 5000;

/** Credentials that rest and circuits that are open, as `npm run rests` lists them. */
export async function restsOf(config: Config): Promise<Check[]> {
  const connection = connect({
    settings: readRedisFiles(config.redis),
    role: 'command',
    name: 'sluice-doctor',
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
    const lines = await rests({ config, health }, []);
    if (lines[0] === nothingRests) return [ok('upstream.rests', nothingRests)];
    const advice = '`npm run rests -- lift UPSTREAM` ends it by hand, once its cause is gone.';
    return lines.map((line) => warning('upstream.rests', `${line.replaceAll(/\s{2,}/g, ' ')}.`, advice));
  } catch {
    // The users of SECURITY.md other than the worker's may not read this.
    return [];
  } finally {
    connection.disconnect();
  }
}
