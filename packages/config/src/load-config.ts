import type { Config } from './config.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { type Environment, readEnvironment, secretVariableNames, type VariableName } from './environment.ts';
import { type Renamed, renameFormer } from './file/former-names.ts';
import { interpolate } from './file/interpolations.ts';
import { parseYaml } from './file/parse-yaml.ts';
import { type FoundFile, readConfigFile, readOptionalFile } from './file/read-file.ts';
import { digestOfKey } from './key-digest.ts';
import { inVariables } from './profiles/in-variables.ts';
import type { Profile, ProfileNames, Profiles } from './profiles/profile.ts';
import { readProfile } from './profiles/read-profile.ts';
import { noDatabase } from './schema/database.ts';
import { resolveConfig } from './resolve/resolve-config.ts';
import { resolveKeys } from './resolve/resolve-keys.ts';
import { fieldOf } from './schema/across.ts';
import { parseSettings } from './schema/parse-settings.ts';
import type { Settings } from './schema/settings.ts';

type PathInFile = Renamed['pathInFile'];
type Env = Readonly<Record<string, string | undefined>>;

export interface ConfigSource {
  /** The process's environment. */
  readonly env: Env;
  /** The directory for relative paths. */
  readonly cwd: string;
  /** Reads a file as text; throws an error with the code ENOENT if it does not exist. Default: from disk. */
  readonly readFile?: ((path: string) => string) | undefined;
  /**
   * Refuse a configuration without a client key, or without a database that it needs. Default true; false for callers that
   * add their own.
   */
  readonly isKeyRequired?: boolean | undefined;
  /** Profiles for `SLUICE_COMPAT`. Default: none, so that it must not be set. */
  readonly profiles?: Profiles | undefined;
}

/**
 * Returns the configuration of file and environment.
 *
 * @throws ConfigError that lists all problems
 */
export function loadConfig(source: ConfigSource): Config {
  return loadLayers(source).config;
}

/** The configuration with the layers that it is made from. */
export interface Layers {
  readonly config: Config;
  /** The settings of the file or the profile, with defaults. */
  readonly settings: Settings;
  /** The settings of the file or the profile, without defaults. */
  readonly given: unknown;
  readonly environment: Environment;
  readonly file: FoundFile;
  /** Returns the path of a setting in the text of the file, where it may have its former name. */
  readonly pathInFile: PathInFile;
}

/**
 * Does the same as {@link loadConfig} and returns the layers too, for finding the origin of a setting.
 *
 * @throws ConfigError
 */
export function loadLayers({ env: given, cwd, readFile, isKeyRequired = true, profiles }: ConfigSource): Layers {
  const env = withoutEmpty(given);
  const file = readConfigFile({ path: env['SLUICE_CONFIG'], cwd, readFile });
  const profile = profileOf(env, profiles);
  const foreign = new Set(profile?.foreignVariables?.(env));
  const own = foreign.size === 0 ? env : without(env, (name) => foreign.has(name));
  const { environment, problems, notes } = readEnvironment(own, profiles);
  const fromFile =
    profile === undefined ? readSettings(file, given) : readProfileSettings(profile, { file, env, readFile });
  const { settings, names } = fromFile;
  const isRefused = (name: VariableName): boolean =>
    problems.some(({ path }) => path === name || path.startsWith(`${name}[`));
  // The keys of an unknown profile are unknown, so missing keys are not reported.
  const hasKeys =
    fromFile.hasKeys ||
    env['SLUICE_API_KEYS'] !== undefined ||
    isRefused('SLUICE_COMPAT') ||
    hasOtherKeys(fromFile.settings, environment);
  const all = [...fromFile.problems, ...problems, ...(hasKeys || !isKeyRequired ? [] : [noKey(names)])];
  if (settings !== undefined) {
    all.push(...findSharedKeys(settings, { environment, names }));
    if (!isRefused('SLUICE_SECRET_KEY')) all.push(...findSecretFaults(settings, { environment, names }));
    if (!isRefused('DATABASE_URL')) all.push(...findMissingDatabase(settings, { environment, isKeyRequired }));
  }
  if (settings === undefined || all.length > 0) {
    throw new ConfigError(all, file.kind === 'text' ? `${file.name} and environment` : 'environment');
  }
  const strays = profile === undefined && file.kind === 'none' ? (profiles?.findStrays(env) ?? []) : [];
  const config = resolveConfig({
    settings,
    environment,
    warnings: [...emptySecrets(given, profile), ...strays, ...(fromFile.warnings ?? [])],
    notes,
    paths: { cwd, home: env['HOME'] },
  });
  const { pathInFile = (path) => path } = fromFile;
  return { config, settings, given: fromFile.given, environment, file, pathInFile };
}

/** Returns whether client keys can come from a database or from an issuer of tokens. */
function hasOtherKeys(settings: Settings | undefined, { DATABASE_URL: url }: Environment): boolean {
  const database = url ?? settings?.database.url;
  return (database !== undefined && database !== noDatabase) || (settings?.auth.oidc.length ?? 0) > 0;
}

/** Returns the profile that the environment names; undefined for an unknown name, which {@link readEnvironment} reports. */
function profileOf({ SLUICE_COMPAT: name = '' }: Env, profiles: Profiles | undefined): Profile | undefined {
  return profiles !== undefined && Object.hasOwn(profiles.byName, name) ? profiles.byName[name] : undefined;
}

/** Removes empty variables. They count as not set, because filled-in templates often have some. */
const withoutEmpty = (env: Env): Env => without(env, (_name, text) => text === '');

const without = (env: Env, isLeftOut: (name: string, text: string | undefined) => boolean): Env =>
  Object.fromEntries(Object.entries(env).filter(([name, text]) => !isLeftOut(name, text)));

/** Returns warnings about empty variables of secrets, which the operator may have meant to set. */
function emptySecrets(env: Env, profile: Profile | undefined): string[] {
  const secrets = new Set([...secretVariableNames, ...(profile?.secretVariables ?? [])]);
  return Object.keys(env)
    .filter((name) => env[name] === '' && secrets.has(name))
    .map((name) => `${name} is set but empty, which counts as not set`);
}

const noKey = (names: ProfileNames | undefined): ConfigProblem =>
  names === undefined
    ? {
        path: 'keys',
        message: 'are missing, so that no client can call; add keys to the file, or set SLUICE_API_KEYS',
      }
    : {
        path: names.clientKey ?? 'SLUICE_API_KEYS',
        message: `is missing, so that no client can call; set it${names.clientKey === undefined ? '' : ' or SLUICE_API_KEYS'}, or allow clients without a key with ALLOW_ANONYMOUS_ACCESS=true`,
      };

interface FileSettings {
  /** The settings with defaults; undefined if there are problems. */
  readonly settings?: Settings;
  /** The settings without defaults. */
  readonly given?: unknown;
  /** True if there are client keys, and also if that is unknown. */
  readonly hasKeys: boolean;
  readonly problems: readonly ConfigProblem[];
  readonly warnings?: readonly string[];
  /** Set for a file only. */
  readonly pathInFile?: PathInFile;
  /** Set under a profile only. */
  readonly names?: ProfileNames;
}

interface ProfileSource {
  readonly file: FoundFile;
  readonly env: Env;
  readonly readFile: ConfigSource['readFile'];
}

/** Reads the settings from the environment of a profile. */
function readProfileSettings(profile: Profile, { file, env, readFile }: ProfileSource): FileSettings {
  if (file.kind !== 'none') return { hasKeys: true, problems: [fileBesideProfile] };
  const read = readProfile(profile, env, {
    hasSecretKey: env['SLUICE_SECRET_KEY'] !== undefined,
    home: env['HOME'] ?? '/',
    read: (path) => readOptionalFile(path, readFile),
  });
  if ('problems' in read) return { hasKeys: true, problems: read.problems };
  const { settings, warnings, names } = read;
  const parsed = parseSettings({ value: settings, interpolated: [] });
  const keys = fieldOf(settings, 'keys');
  const hasKeys = keys !== undefined && !isEmptyList(keys);
  if (parsed.problems !== undefined) {
    return { hasKeys, names, problems: parsed.problems.map((problem) => inVariables(problem, names)) };
  }
  return { settings: parsed.settings, given: settings, hasKeys, names, problems: [], warnings };
}

const fileBesideProfile: ConfigProblem = {
  path: 'SLUICE_COMPAT',
  message: 'replaces the configuration file; remove one of the two',
};

function readSettings(file: FoundFile, env: Env): FileSettings {
  if (file.kind === 'unreadable') return { hasKeys: true, problems: [file.problem] };
  const yaml = file.kind === 'text' ? parseYaml(file.text, file.name) : { value: {} };
  if (yaml.problems !== undefined) return { hasKeys: true, problems: yaml.problems };
  // Strings of a parsed file may be slices of its text, which would keep the whole text, with its secrets, in memory.
  const content = structuredClone(withoutEmptySections(yaml.value));
  const renamed = renameFormer(content);
  const interpolated = interpolate(renamed.value, env);
  const { value, whole } = interpolated;
  const problems = [...renamed.problems, ...interpolated.problems];
  const parsed = parseSettings({ value, interpolated: whole });
  const hasKeys = fieldOf(value, 'keys') !== undefined && !isEmptyList(fieldOf(value, 'keys'));
  if (parsed.problems === undefined && problems.length === 0) {
    const { warnings, pathInFile } = renamed;
    return { settings: parsed.settings, given: value, hasKeys, problems, warnings, pathInFile };
  }
  // A variable that is missing is reported once; the empty value that results is not reported too.
  const told = new Set(problems.map(({ path }) => path));
  const all = [...problems, ...(parsed.problems ?? []).filter(({ path }) => !told.has(path))];
  // No former name is within a list, so a path's text is split at its dots alone.
  const nameInFile = (path: string): string => renamed.pathInFile(path.split('.')).join('.');
  return { hasKeys, problems: all.map(({ path, message }) => ({ path: nameInFile(path), message })) };
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** Removes sections that are null, because all their settings are commented out. */
function withoutEmptySections(content: unknown): unknown {
  return Object.fromEntries(Object.entries(Object(content)).filter(([, part]) => part !== null));
}

/** Minimum length of a secret, in characters; a shorter one could be guessed. */
const shortestSecret = 16;

interface Beside {
  readonly environment: Environment;
  readonly names: ProfileNames | undefined;
}

/** Finds a secret key that is too short, and a missing secret key if access tokens or bodies must be stored. */
function* findSecretFaults({ upstreams, records }: Settings, { environment, names }: Beside): Iterable<ConfigProblem> {
  const { SLUICE_SECRET_KEY: secret } = environment;
  const places = upstreams.flatMap(({ credentials = [] }, at) =>
    credentials.flatMap(({ api_key }, credentialAt) =>
      api_key === undefined ? [`upstreams[${at}].credentials[${credentialAt}]`] : [],
    ),
  );
  const isNeeded = places.length > 0 || records.log_bodies;
  if (secret === undefined ? !isNeeded : secret.length >= shortestSecret) return;
  const wanted = `a secret of at least ${shortestSecret} characters, the same for all replicas`;
  const tokens = names?.tokens ?? `${places[0]} has access tokens, which Redis holds encrypted with it`;
  const need = places.length > 0 ? tokens : 'records.log_bodies keeps bodies, which are encrypted with it';
  const reason = isNeeded ? `: ${need}` : '';
  yield {
    path: 'SLUICE_SECRET_KEY',
    message: `${secret === undefined ? 'is missing; it' : ''} must be ${wanted}${reason}`.trim(),
  };
}

interface BesideDatabase extends Pick<Beside, 'environment'> {
  readonly isKeyRequired: boolean;
}

/** Finds the setting that needs a database if there is none. `npm start` brings one if none is refused. */
function* findMissingDatabase(
  { database, records }: Settings,
  { environment, isKeyRequired }: BesideDatabase,
): Iterable<ConfigProblem> {
  const url = environment.DATABASE_URL ?? database.url;
  const isMissing = url === noDatabase || (url === undefined && isKeyRequired);
  if (!records.log_bodies || !isMissing) return;
  yield {
    path: 'records.log_bodies',
    message: 'needs a database; set database.url or DATABASE_URL, or leave bodies out of the records',
  };
}

function* findSharedKeys({ keys }: Settings, { environment, names }: Beside): Iterable<ConfigProblem> {
  const { SLUICE_API_KEYS: plainKeys = [] } = environment;
  const places = new Map(resolveKeys(keys, []).map(({ digest }, at) => [digest, at]));
  for (const [at, key] of plainKeys.entries()) {
    const place = places.get(digestOfKey(key));
    if (place === undefined) continue;
    const other = names?.clientKey ?? `keys[${place}] of the file`;
    yield { path: `SLUICE_API_KEYS[${at}]`, message: `is the same key as ${other}; remove one of them` };
  }
}
