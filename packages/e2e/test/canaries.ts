import type { RedisConnection } from '@sluice/redis';

/** Middle of its base64 form, in three variants by the number of bytes before it. */
const inBase64 = (text: string): string[] =>
  ['', 'x', 'xx'].map((before) =>
    Buffer.from(before + text)
      .toString('base64')
      .slice(4, -4),
  );

/** Returns the secrets that a text contains: in any case, in base64, or encoded as in a URL. */
export function findCanaries<Name extends string>(text: string, canaries: Readonly<Record<Name, string>>): Name[] {
  const lower = text.toLowerCase();
  return (Object.keys(canaries) as Name[]).filter((name) => {
    const canary = canaries[name];
    const spelled = [canary, encodeURIComponent(canary)].map((each) => each.toLowerCase());
    const encoded = inBase64(canary).flatMap((each) => [each, each.replaceAll('+', '-').replaceAll('/', '_')]);
    return spelled.some((each) => lower.includes(each)) || encoded.some((each) => text.includes(each));
  });
}

const readers: Readonly<Record<string, (key: string) => readonly string[]>> = {
  string: (key) => ['GET', key],
  hash: (key) => ['HGETALL', key],
  list: (key) => ['LRANGE', key, '0', '-1'],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  stream: (key) => ['XRANGE', key, '-', '+'],
};

/** Returns all that Redis holds in matching keys, as text with one line per key. */
export async function dumpRedis(inspector: RedisConnection, pattern = '*'): Promise<string> {
  const keys = (await inspector.call('KEYS', pattern)) as string[];
  const entries = keys.map(async (key) => {
    const type = String(await inspector.call('TYPE', key));
    // The key is gone by now.
    if (type === 'none') return '';
    const [command, ...args] = readers[type]?.(key) ?? [];
    if (command === undefined) throw new Error(`${key} is a ${type}, which this test cannot read`);
    return JSON.stringify([key, await inspector.call(command, ...args)]);
  });
  return (await Promise.all(entries)).join('\n');
}
