import { LaunchError } from '../bare/launch-error.mjs';
import type { Terminal } from '../bare/terminal.mjs';
import { inspectRedis, type RedisFacts } from './inspect.ts';
import type { RedisSource } from './source.ts';
import { isNewEnough, oldestVersion } from './version.ts';

const answerTimeoutMs = 2000;

export interface GivenRedis {
  /** Undefined when no URL is set. */
  readonly url: string | undefined;
  /** The setting of the URL, for messages: `REDIS_URL`, or a key of the file. */
  readonly setting: string;
  readonly terminal: Terminal;
}

/** The Redis that the person chose. If it does not answer, no other source is tried. */
export function givenRedis({ url, setting, terminal }: GivenRedis): RedisSource {
  return {
    async find() {
      if (url === undefined) return { reason: `${setting} is not set` };
      const place = withoutSecrets(url, setting);
      const facts = await inspectRedis(url, answerTimeoutMs).catch((error: unknown) => {
        throw new LaunchError(`${setting}: no usable Redis at ${place}: ${reasonOf(error)}`, { cause: error });
      });
      refuseOld(facts, `${setting}: the Redis at ${place}`);
      warnOfEviction({ facts, place, terminal });
      return { description: `Redis at ${place}`, start: () => Promise.resolve(url) };
    },
  };
}

/**
 * @returns host and port alone, to be shown
 * @throws LaunchError when it is not a Redis URL
 */
export function withoutSecrets(url: string, setting: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !['redis:', 'rediss:'].includes(parsed.protocol) || parsed.hostname === '') {
    throw new LaunchError(`${setting} must be a URL of the form redis://[user:password@]host:port or rediss://…`);
  }
  return `${parsed.hostname}:${parsed.port || '6379'}`;
}

function refuseOld({ version }: RedisFacts, subject: string): void {
  if (version === undefined || isNewEnough(version)) return;
  throw new LaunchError(
    `${subject} is version ${version.text}, which is too old: ${oldestVersion} or newer is needed.`,
  );
}

function warnOfEviction({ facts, place, terminal }: { facts: RedisFacts; place: string; terminal: Terminal }): void {
  const { evictionPolicy } = facts;
  if (evictionPolicy === undefined || evictionPolicy === 'noeviction') return;
  terminal.say(
    `Warning: the Redis at ${place} has maxmemory-policy ${evictionPolicy}; when its memory is full it will throw away ` +
      'queued requests. Set it to noeviction.',
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A name with several addresses fails with an AggregateError, which has a code and no message.
  return error.message || String('code' in error ? error.code : error.name);
}
