import { readFileSync } from 'node:fs';
import type { RedisConnection } from './connect.ts';
import { callScript, createLuaScript } from './script-call.ts';

/** A Lua script with the number of its keys from its file name and a parser for its reply. */
export interface Script<Reply> {
  /** Runs the script, by its hash once the server has loaded it. */
  run(connection: RedisConnection, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply>;
}

/**
 * Reads a script from `<verb>-<number of keys>.lua`. One that works on a list of items is named
 * `<verb>-<number>n.lua`, with the number of keys for each item, or `<verb>-<number>-<number>n.lua`, with the number of
 * common keys before it. A line `--@include <name>` is replaced by the file `<name>.lua` in the same folder: Redis has no
 * modules, and two scripts that hand over leases must do it in the same way.
 *
 * @throws Error at start-up when the file is missing or its name has no number of keys
 */
export function defineScript<Reply>(file: URL, parse: (reply: unknown) => Reply): Script<Reply> {
  const [, name = '', common, perItem] = /([a-z-]+?)(?:-(\d+))?(?:-(\d+)n)?\.lua$/.exec(file.pathname) ?? [];
  if ((common ?? perItem) === undefined) throw new Error(`${file.pathname} is not named <verb>-<number of keys>.lua`);
  const fewestKeys = Number(common ?? 0) + Number(perItem ?? 0);
  const script = createLuaScript(withIncludes(file), fewestKeys);

  return {
    async run(connection, keys, args) {
      const further = keys.length - fewestKeys;
      if (further !== 0 && !(perItem !== undefined && further > 0 && further % Number(perItem) === 0)) {
        throw new Error(`${name} takes ${fewestKeys} keys, not ${keys.length}`);
      }
      const sized = further === 0 ? script : { ...script, numberOfKeys: keys.length };
      return parse(await callScript(connection, sized, [...keys, ...args]));
    },
  };
}

function withIncludes(file: URL): string {
  const text = readFileSync(file, 'utf8');
  return text.replace(/^--@include ([a-z-]+)$/gm, (_line, name: string) =>
    readFileSync(new URL(`${name}.lua`, file), 'utf8'),
  );
}
