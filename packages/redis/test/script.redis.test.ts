import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { redisTest } from '@sluice/testkit';
import { describe, expect, onTestFinished } from 'vitest';
import { connect, defineScript, type RedisConnection } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-script-'));
const lua = (name: string, text: string): URL => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return pathToFileURL(path);
};

/** A connection of one test, which defines scripts on it. */
function ownConnection(url: string): RedisConnection {
  const settings = { kind: 'single', url } as const;
  const connection = connect({ settings, role: 'command', name: 'test', onError: () => undefined });
  onTestFinished(() => connection.disconnect());
  return connection;
}

describe('a script', () => {
  redisTest(
    'runs with its keys and arguments, and its reply goes through the given parser',
    async ({ redis, keyPrefix }) => {
      const file = lua('add-1.lua', "return redis.call('incrby', KEYS[1], ARGV[1])");
      const add = defineScript(file, Number);
      expect(await add.run(redis, [`${keyPrefix}:n`], [2])).toBe(2);
      expect(await add.run(redis, [`${keyPrefix}:n`], [3])).toBe(5);
    },
  );

  redisTest('is sent again when the server has lost it', async ({ redis, keyPrefix }) => {
    const add = defineScript(lua('put-1.lua', "return redis.call('incr', KEYS[1])"), Number);
    await add.run(redis, [`${keyPrefix}:n`], []);
    await redis.script('FLUSH');
    expect(await add.run(redis, [`${keyPrefix}:n`], [])).toBe(2);
  });

  redisTest('is sent once for all calls that follow, which stay in order', async ({ redis, keyPrefix }) => {
    const append = defineScript(lua('append-1.lua', "return redis.call('append', KEYS[1], ARGV[1])"), Number);
    const texts = ['ä', 'b', 'ü€', '😀', ''];
    await Promise.all(texts.map((text) => append.run(redis, [`${keyPrefix}:n`], [text])));
    expect(await redis.get(`${keyPrefix}:n`)).toBe(texts.join(''));
  });

  redisTest('of a library takes bytes, texts and absent arguments as one list', async ({ keyPrefix, redisUrl }) => {
    const connection = ownConnection(redisUrl);
    connection.defineCommand('echo:1', { numberOfKeys: 1, lua: 'return table.concat({KEYS[1], unpack(ARGV)}, ",")' });
    const echo = Reflect.get(connection, 'echo:1') as (args: unknown[]) => Promise<unknown>;
    const run = echo.bind(connection);
    expect(await run([keyPrefix, Buffer.from('ä€'), 'ü', 3, undefined, ''])).toBe(`${keyPrefix},ä€,ü,3,,`);
    await connection.script('FLUSH');
    expect(await run([keyPrefix, Buffer.from([0x62])])).toBe(`${keyPrefix},b`);
  });

  redisTest('of a library stays in its transaction', async ({ keyPrefix, redisUrl }) => {
    const connection = ownConnection(redisUrl);
    connection.defineCommand('count:1', { numberOfKeys: 1, lua: "return redis.call('incr', KEYS[1])" });
    const transaction = connection.multi();
    const count = Reflect.get(transaction, 'count:1') as (args: unknown[]) => unknown;
    count.call(transaction, [`${keyPrefix}:n`]);
    transaction.discard();
    await transaction.exec().catch(() => undefined);
    expect(await connection.get(`${keyPrefix}:n`)).toBeNull();
  });

  redisTest('holds the text of the files that it includes', async ({ redis }) => {
    lua('double.lua', 'local function double(n) return n * 2 end');
    const file = lua('twice-0.lua', '--@include double\nreturn double(tonumber(ARGV[1]))');
    expect(await defineScript(file, Number).run(redis, [], [21])).toBe(42);
  });

  redisTest(
    'for a list of items takes its common keys, and as many for each item as its name says',
    async ({ redis }) => {
      const count = defineScript(lua('count-1-2n.lua', 'return #KEYS'), Number);
      expect(await count.run(redis, ['{a}', '{a}1', '{a}2'], [])).toBe(3);
      expect(await count.run(redis, ['{a}', '{a}1', '{a}2', '{a}3', '{a}4'], [])).toBe(5);
      for (const keys of [[], ['{a}'], ['{a}', '{a}1', '{a}2', '{a}3']]) {
        await expect(count.run(redis, keys, [])).rejects.toThrow(`count takes 3 keys, not ${keys.length}`);
      }
      const each = defineScript(lua('each-2n.lua', 'return #KEYS'), Number);
      expect(await each.run(redis, ['{a}1', '{a}2', '{a}3', '{a}4'], [])).toBe(4);
    },
  );

  redisTest('rejects a number of keys that differs from its file name', async ({ redis }) => {
    const file = lua('two-2.lua', 'return 1');
    await expect(defineScript(file, Number).run(redis, ['a'], [])).rejects.toThrow('two takes 2 keys, not 1');
  });

  redisTest('needs a file name with the number of keys', () => {
    for (const name of ['nameless.lua', 'two-1-2.lua', 'many-n.lua']) {
      expect(() => defineScript(lua(name, 'return 1'), Number)).toThrow('<verb>-<number of keys>.lua');
    }
  });
});
