import type { Config } from '../config.ts';
import { settingSections } from '../docs/setting-rows.ts';
import { type Environment, suppliedBy, type VariableName, variables } from '../environment.ts';
import { type ConfigSource, type Layers, loadLayers } from '../load-config.ts';
import { effectiveValue } from './effective-value.ts';
import { hidden } from './hide-userinfo.ts';
import { type Leaf, leavesOf, nameOf, type Path } from './leaves.ts';
import { createLocator, type Place } from './locate.ts';
import { variablesOfProfile } from './profile-variables.ts';
import { showValue, type ShownValue } from './show-value.ts';

/** Says where a setting came from. */
export type SettingOrigin =
  | { readonly kind: 'default' }
  /** `variables`: those that its text names. `line`: absent where the place can't be found. */
  | { readonly kind: 'file'; readonly file: string; readonly line?: number; readonly variables: readonly Variable[] }
  /** Of the process's environment. */
  | { readonly kind: 'variable'; readonly name: string }
  /** Of a `.env` file. */
  | { readonly kind: 'dotenv'; readonly name: string }
  /** What `SLUICE_COMPAT` stands for; without variables it is the profile's own. */
  | { readonly kind: 'profile'; readonly profile: string; readonly variables: readonly Variable[] };

/** A variable, and whether a `.env` file sets it. */
export interface Variable {
  readonly name: string;
  readonly isFromDotenv: boolean;
}

/** A setting as it counts. */
export interface EffectiveSetting {
  /** As in `keys[0].limits.rpm`; the name of a variable that stands for no setting of the file. */
  readonly path: string;
  /** For people: secrets are hidden. */
  readonly value: string;
  /** Something in the value is hidden. */
  readonly isSecret: boolean;
  readonly origin: SettingOrigin;
}

export interface SettingsSource extends ConfigSource {
  /** Names of variables in `env` that a `.env` file has set. */
  readonly dotenvNames?: readonly string[] | undefined;
}

export interface SettingsList {
  readonly config: Config;
  readonly settings: readonly EffectiveSetting[];
  /** The file that was read, as people wrote its path. */
  readonly file: string | undefined;
  readonly profile: string | undefined;
}

/**
 * Reads file and environment, and says of each setting what it is and where it came from.
 *
 * @throws ConfigError that lists everything that is wrong with them
 */
export function listSettings(source: SettingsSource): SettingsList {
  const layers = loadLayers(source);
  const profile = layers.environment.SLUICE_COMPAT;
  const originOf = createOrigins(layers, source, profile);
  const list = (leaf: Leaf): EffectiveSetting[] => {
    const path = nameOf(leaf.path);
    if (isOverruled(path, layers)) return [];
    const value = effectiveValue(leaf, layers);
    if (value === undefined) return [];
    const origin = originOf(leaf.path, path);
    const { text, isSecret } = showValue(leaf.path, value, variablesIn(value, origin, source.env));
    return [{ path, value: text, isSecret, origin }];
  };
  const settings = [
    ...everySetting(layers.settings).flatMap(list),
    ...loneVariables(layers.environment).map(({ name, shown: { text, isSecret } }) => {
      const origin = originOfVariable(suppliedBy(name, source.env), source.dotenvNames);
      return { path: name, value: text, isSecret, origin };
    }),
  ];
  return {
    config: layers.config,
    settings,
    file: layers.file.kind === 'text' ? layers.file.name : undefined,
    profile,
  };
}

/** In the order of the docs: all that stand once, given or not, and what the lists hold. */
function everySetting(settings: Layers['settings']): Leaf[] {
  const leaves = leavesOf(settings);
  return settingSections().flatMap(({ name, rows }) => {
    const inLists = [...leaves.values()].filter(({ path }) => path[0] === name);
    if (rows.some(({ path }) => path.includes('[]'))) return inLists;
    return rows
      .filter(({ type }) => type !== 'mapping')
      .map(({ path }) => leaves.get(path) ?? { path: path.split('.'), value: undefined })
      .filter(({ path, value }) => value !== undefined || !isBelowAnother(path, rows));
  });
}

/** True of settings such as `redis.tls.ca`, which are nothing where their mapping is not given. */
const isBelowAnother = (path: Path, rows: readonly { readonly path: string }[]): boolean =>
  rows.some((row) => nameOf(path).startsWith(`${row.path}.`));

/** Variables whose text may stand in the value: a file may give another one in their place, a profile does not. */
function variablesIn(value: unknown, origin: SettingOrigin, env: ConfigSource['env']): string[] {
  if (!('variables' in origin)) return [];
  return origin.variables
    .map(({ name }) => name)
    .filter((name) => origin.kind === 'file' || String(value).includes(env[name] ?? ''));
}

type OriginOf = (path: Path, name: string) => SettingOrigin;

function createOrigins(layers: Layers, source: SettingsSource, profile: string | undefined): OriginOf {
  const { environment, file, given } = layers;
  const leaves = leavesOf(given);
  const locate: (path: Path) => Place | undefined = file.kind === 'text' ? createLocator(file.text) : () => undefined;
  const ofProfile = profile === undefined ? undefined : variablesOfProfile(profile, source, leaves);
  const toVariables = (names: readonly string[]): Variable[] =>
    names.map((name) => ({ name, isFromDotenv: source.dotenvNames?.includes(name) ?? false }));
  const originOf: OriginOf = (path, name) => {
    const variable = variableFor(name);
    if (variable !== undefined && environment[variable] !== undefined) {
      return originOfVariable(variable, source.dotenvNames);
    }
    // `rediss://` means TLS: it is the URL that says so.
    if (name === 'redis.tls' && isTlsUrl(environment.REDIS_URL ?? urlIn(leaves))) {
      return originOf(['redis', 'url'], 'redis.url');
    }
    if (!leaves.has(name)) return { kind: 'default' };
    if (profile !== undefined) {
      return { kind: 'profile', profile, variables: toVariables(ofProfile?.get(name) ?? []) };
    }
    const place = locate(path);
    return {
      kind: 'file',
      file: file.kind === 'text' ? file.name : '',
      ...(place === undefined ? {} : { line: place.line }),
      variables: toVariables(place?.variables ?? []),
    };
  };
  return originOf;
}

function urlIn(leaves: ReadonlyMap<string, Leaf>): string {
  const url = leaves.get('redis.url')?.value;
  return typeof url === 'string' ? url : '';
}

const isTlsUrl = (url: string): boolean => /^rediss:/i.test(url);

/** The variable that wins over a setting. `SLUICE_API_KEYS` wins over none: it adds to the keys of the file. */
const variableFor = (setting: string): VariableName | undefined =>
  (Object.keys(variables) as VariableName[]).find(
    (name) => name !== addsKeys && variables[name].settings.includes(setting),
  );

const addsKeys = 'SLUICE_API_KEYS';

const originOfVariable = (name: string, dotenvNames: readonly string[] = []): SettingOrigin => ({
  kind: dotenvNames.includes(name) ? 'dotenv' : 'variable',
  name,
});

/**
 * A cluster or sentinels have no URL; `REDIS_URL` wins over them, and over the file's user if it names one. User and
 * password that stand in a URL are shown with it, hidden, and nowhere else.
 */
function isOverruled(setting: string, { environment, config, settings }: Layers): boolean {
  if (setting === 'redis.url') return config.redis.kind !== 'single';
  if (environment.REDIS_URL === undefined && (setting === 'redis.username' || setting === 'redis.password')) {
    const url = URL.parse(settings.redis.url ?? '');
    return url !== null && url[setting === 'redis.username' ? 'username' : 'password'] !== '';
  }
  if (environment.REDIS_URL === undefined || !setting.startsWith('redis.')) return false;
  if (setting === 'redis.cluster' || setting.startsWith('redis.sentinel')) return true;
  const { username, password } = new URL(environment.REDIS_URL);
  const hasUser = username !== '' || password !== '' || config.redis.password === undefined;
  return hasUser && (setting === 'redis.username' || setting === 'redis.password');
}

interface LoneVariable {
  readonly name: VariableName;
  readonly shown: ShownValue;
}

/** Variables that count and have no place in the file, as they were understood. */
function loneVariables(environment: Environment): LoneVariable[] {
  return (Object.keys(variables) as VariableName[]).flatMap((name) => {
    const { settings, isSecret = false } = variables[name];
    const value = environment[name];
    const isLone = settings.length === 0 || name === addsKeys;
    if (!isLone || value === undefined) return [];
    return [{ name, shown: isSecret ? { text: hidden, isSecret } : showVariable(name, value) }];
  });
}

function showVariable(name: VariableName, value: NonNullable<Environment[VariableName]>): ShownValue {
  // A value of ALL_PROXY that is no proxy may hold a secret of any form.
  if (typeof value !== 'object' || !('kind' in value)) return showValue([name], value);
  if (value.kind === 'unusable') return showUnusable(value.text);
  return showValue([name], value.kind === 'none' ? value.kind : value.url);
}

const showUnusable = (text: string): ShownValue =>
  text.includes('@') ? { text: hidden, isSecret: true } : { text, isSecret: false };
