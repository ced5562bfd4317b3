/** A command with harmless arguments: KEY stands for a key that exists for this check alone. */
type Command = readonly [name: string, ...args: readonly string[]];

const key = 'KEY';

/** The commands of SECURITY.md, in an order in which each one is valid; the last one deletes the key. */
const both: readonly Command[] = [
  ['ping'],
  ['info', 'server'],
  ['time'],
  ['eval', 'return 1', '1', key],
  ['evalsha', '0000000000000000000000000000000000000000', '1', key],
  ['set', key, '1', 'PX', '10000'],
  ['get', key],
  ['incr', key],
  ['pexpire', key, '10000'],
  ['pttl', key],
  ['exists', key],
  ['hset', key, 'f', '1'],
  ['hget', key, 'f'],
  ['hmset', key, 'f', '1'],
  ['hmget', key, 'f'],
  ['hdel', key, 'f'],
  ['hexists', key, 'f'],
  ['hgetall', key],
  ['llen', key],
  ['lrange', key, '0', '0'],
  ['lrem', key, '0', 'f'],
  ['lpush', key, 'f'],
  ['sadd', key, 'f'],
  ['srem', key, 'f'],
  ['scard', key],
  ['smembers', key],
  ['zadd', key, '1', 'f'],
  ['zcard', key],
  ['zrange', key, '0', '0'],
  ['zrangebyscore', key, '0', '0'],
  ['zrem', key, 'f'],
  ['zremrangebyscore', key, '0', '0'],
  ['zrevrange', key, '0', '0'],
  ['zrevrangebyscore', key, '0', '0'],
  ['zscore', key, 'f'],
  ['xadd', key, '*', 'f', '1'],
  ['xread', 'COUNT', '1', 'STREAMS', key, '0'],
  ['xtrim', key, 'MAXLEN', '0'],
  ['unlink', key],
  ['del', key],
];

/** Commands that one service sends and the other does not. */
export const commandsOf: Readonly<Record<'ingress' | 'worker', readonly Command[]>> = {
  ingress: [
    ...both,
    ['persist', key],
    ['lindex', key, '0'],
    ['rpop', key],
    ['zcount', key, '0', '0'],
    ['zincrby', key, '1', 'f'],
    ['zrangebylex', key, '-', '+'],
    ['del', key],
  ],
  worker: [
    ...both,
    ['hincrby', key, 'f', '1'],
    ['pexpireat', key, '99999999999999'],
    ['rpush', key, 'f'],
    ['ltrim', key, '0', '0'],
    ['rpoplpush', key, key],
    ['zpopmin', key],
    ['bzpopmin', key, '0.01'],
    ['zremrangebyrank', key, '0', '0'],
    ['del', key],
  ],
};
