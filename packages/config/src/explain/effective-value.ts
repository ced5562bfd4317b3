import { camelCase } from '../camel-case.ts';
import type { Layers } from '../load-config.ts';
import { settingSections } from '../docs/setting-rows.ts';
import { type Leaf, nameOf } from './leaves.ts';

/**
 * Returns the effective value of a setting: that of the environment, of the layer, computed from other settings, or the
 * default in words. Undefined if the setting is not set and has no default.
 */
export function effectiveValue({ path, value }: Leaf, { config, environment }: Layers): unknown {
  const name = nameOf(path);
  if (name === 'redis.url' && environment.REDIS_URL !== undefined) return environment.REDIS_URL;
  if (name === 'database.url' && environment.DATABASE_URL !== undefined) return environment.DATABASE_URL;
  // A list of the file may be longer in `Config`; the URL there has no user.
  const isOther = name === 'redis.url' || path.some((step) => typeof step === 'number');
  const resolved = isOther ? undefined : valueAt(config, camelCase(name).split('.'));
  if (['string', 'number', 'boolean'].includes(typeof resolved)) return resolved;
  return value ?? standardOf(name);
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
    tree,
  );
}

/** Returns the default in words, as in the docs. */
function standardOf(name: string): string | undefined {
  const standard = settingSections()
    .flatMap(({ rows }) => rows)
    .find(({ path }) => path === name)?.standard;
  return standard === undefined || standard === '–' || standard === 'required'
    ? undefined
    : standard.replaceAll('`', '');
}
