import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { hasCode } from './files.mjs';
import { LaunchError } from './launch-error.mjs';

/** Variables of proxies, which have two spellings: other programs read both, and so do we. */
const proxies = new Set(['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY']);

/** Kubernetes sets them too, for services called `metrics` and `simulator`; see `serviceLinksIn` of the configuration. */
const ports = new Set(['PORT', 'METRICS_PORT', 'SIMULATOR_PORT']);
const serviceLink = /^(?:tcp|udp|sctp):\/\/\S+$/;

/**
 * Puts the variables of `.env` into an environment, as Node reads such files. What is in the environment already wins:
 * a proxy in either spelling; an address that Kubernetes has put there is no setting.
 *
 * @param {string} root the folder of the repository
 * @param {NodeJS.ProcessEnv} env changed
 * @returns {string | undefined} a sentence for the person; undefined when there is no such file
 * @throws {LaunchError} when it can't be read
 */
export function takeEnvFile(root, env) {
  const text = readEnvFile(join(root, '.env'));
  if (text === undefined) return undefined;
  const all = Object.entries(parseEnv(text.replace(/^\uFEFF/, '')));
  const isSet = isSetIn({ ...env });
  const taken = all.filter(([name]) => !isSet(name));
  for (const [name, value] of taken) env[name] = value;
  const others = all.length - taken.length;
  const those =
    others === 0 ? '' : `; ${others} more ${others === 1 ? 'is' : 'are'} set in the environment, which wins`;
  return `Read ${taken.length} ${taken.length === 1 ? 'variable' : 'variables'} from .env${those}.`;
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {(name: string) => boolean}
 */
function isSetIn(env) {
  return (name) => {
    const upper = name.toUpperCase();
    if (proxies.has(upper)) return env[upper] !== undefined || env[name.toLowerCase()] !== undefined;
    return env[name] !== undefined && !(ports.has(name) && serviceLink.test(env[name]));
  };
}

/**
 * @param {string} path
 * @returns {string | undefined}
 */
function readEnvFile(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // Python's users keep a folder of that name.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'EISDIR')) return undefined;
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new LaunchError(`.env can't be read (${code}).`);
  }
}
