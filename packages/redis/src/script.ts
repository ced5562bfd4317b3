import { readFileSync } from 'node:fs';
import type { RedisConnection } from './connect.ts';
import { callScript, createLuaScript } from './script-call.ts';

/** A Lua script with the number of keys from its file name and a parser for its reply. */
export interface Script<Reply> {
  /** Runs the script, by its hash once the server has loaded it. */
  run(connection: RedisConnection, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply>;
}

/**
 * Reads a script from `<verb>-<number of keys>.lua`. A line `--@include <name>` is replaced by the file `<name>.lua` in
 * the same folder: Redis has no modules, and two scripts that hand over leases must do it in the same way.
 *
 * @throws Error at start-up when the file is missing or its name has no number of keys
 */
export function defineScript<Reply>(file: URL, parse: (reply: unknown) => Reply): Script<Reply> {
  const [, name, count] = /([a-z-]+)-(\d+)\.lua$/.exec(file.pathname) ?? [];
  if (name === undefined) throw new Error(`${file.pathname} is not named <verb>-<number of keys>.lua`);
  const numberOfKeys = Number(count);
  const script = createLuaScript(withIncludes(file), numberOfKeys);

  return {
    async run(connection, keys, args) {
      if (keys.length !== numberOfKeys) throw new Error(`${name} takes ${numberOfKeys} keys, not ${keys.length}`);
      return parse(await callScript(connection, script, [...keys, ...args]));
    },
  };
}

function withIncludes(file: URL): string {
  const text = readFileSync(file, 'utf8');
  return text.replace(/^--@include ([a-z-]+)$/gm, (_line, name: string) =>
    readFileSync(new URL(`${name}.lua`, file), 'utf8'),
  );
}
