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

/** The origin of a setting. */
export type SettingOrigin =
  | { readonly kind: 'default' }
  /** `variables`: those in its text. `line`: absent if it can't be found. */
  | { readonly kind: 'file'; readonly file: string; readonly line?: number; readonly variables: readonly Variable[] }
  /** A variable of the process's environment. */
  | { readonly kind: 'variable'; readonly name: string }
  /** A variable of a `.env` file. */
  | { readonly kind: 'dotenv'; readonly name: string }
  /** The profile in `SLUICE_COMPAT`; without variables, the value is one of the profile itself. */
  | { readonly kind: 'profile'; readonly profile: string; readonly variables: readonly Variable[] };

/** A variable, and whether a `.env` file sets it. */
export interface Variable {
  readonly name: string;
  readonly isFromDotenv: boolean;
}

/** An effective setting. */
export interface EffectiveSetting {
  /** Path as in `keys[0].limits.rpm`, or the name of a variable that has no setting in the file. */
  readonly path: string;
  /** Value for display; secrets are hidden. */
  readonly value: string;
  /** True if a part of the value is hidden. */
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
  /** Path of the file that was read, as the operator wrote it. */
  readonly file: string | undefined;
  readonly profile: string | undefined;
}

/**
 * Reads file and environment, and returns the value and the origin of each setting.
 *
 * @throws ConfigError that lists all problems
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

/** Returns, in the order of the docs, all settings outside of lists, set or not, and those within the given lists. */
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

/** Returns true for settings such as `redis.tls.ca`, which do not exist without their mapping. */
const isBelowAnother = (path: Path, rows: readonly { readonly path: string }[]): boolean =>
  rows.some((row) => nameOf(path).startsWith(`${row.path}.`));

/** Returns the variables whose text may be in the value. In a file, a default may replace them; in a profile it can't. */
function variablesIn(value: unknown, origin: SettingOrigin, env: ConfigSource['env']): string[] {
  if (!('variables' in origin)) return [];
  return origin.variables
    .map(({ name }) => name)
    .filter((name) => origin.kind === 'file' || String(value).includes(env[name] ?? ''));
}

type OriginOf = (path: Path, name: string) => SettingOrigin;

function createOrigins(layers: Layers, source: SettingsSource, profile: string | undefined): OriginOf {
  const { environment, file, given, pathInFile } = layers;
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
    // `rediss://` means TLS, so the URL is the origin.
    if (name === 'redis.tls' && isTlsUrl(environment.REDIS_URL ?? urlIn(leaves))) {
      return originOf(['redis', 'url'], 'redis.url');
    }
    if (!leaves.has(name)) return { kind: 'default' };
    if (profile !== undefined) {
      return { kind: 'profile', profile, variables: toVariables(ofProfile?.get(name) ?? []) };
    }
    const place = locate(pathInFile(path));
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

/** Returns the variable that overrides a setting. `SLUICE_API_KEYS` overrides none: its keys are added to the file's. */
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
 * Returns whether a setting of Redis has no effect. A cluster or sentinels have no URL; `REDIS_URL` overrides them, and
 * the file's user if it has one. User and password of a URL are shown, hidden, within the URL only.
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

/** Returns the effective variables that have no setting in the file, with their parsed values. */
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
  // An unusable value of ALL_PROXY may hold a secret of any form.
  if (typeof value !== 'object' || !('kind' in value)) return showValue([name], value);
  if (value.kind === 'unusable') return showUnusable(value.text);
  return showValue([name], value.kind === 'none' ? value.kind : value.url);
}

const showUnusable = (text: string): ShownValue =>
  text.includes('@') ? { text: hidden, isSecret: true } : { text, isSecret: false };
