import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from './files.mjs';
import { LaunchError } from './launch-error.mjs';
import { parseEnvText } from './parse-env.mjs';

/** Variables of proxies. Each has two spellings, upper and lower case; like other programs, Sluice reads both. */
const proxies = new Set(['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY']);

/** Kubernetes also sets these, for services called `metrics` and `simulator`; see `serviceLinksIn` in `config`. */
const ports = new Set(['PORT', 'METRICS_PORT', 'SIMULATOR_PORT']);
const serviceLink = /^(?:tcp|udp|sctp):\/\/\S+$/;

/**
 * Adds the variables of `.env` to an environment. A variable that the environment already has wins: a proxy in either
 * spelling. An address that Kubernetes has put there does not count.
 *
 * @param {string} root the folder of the repository
 * @param {NodeJS.ProcessEnv} env changed
 * @returns {string | undefined} sentences for the person; undefined when there is no such file
 * @throws {LaunchError} when it can't be read
 */
export function takeEnvFile(root, env) {
  const text = readEnvFile(join(root, '.env'));
  if (text === undefined) return undefined;
  const { variables, faults } = parseEnvText(text);
  const all = [...variables];
  const isSet = isSetIn({ ...env });
  const taken = all.filter(([name]) => !isSet(name));
  for (const [name, value] of taken) env[name] = value;
  const others = all.length - taken.length;
  const those =
    others === 0 ? '' : `; ${others} more ${others === 1 ? 'is' : 'are'} set in the environment, which wins`;
  const warnings = faults.map((fault) => ` Warning: of .env ${fault}.`).join('');
  return `Read ${taken.length} ${taken.length === 1 ? 'variable' : 'variables'} from .env${those}.${warnings}`;
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
    return decode(readFileSync(path));
  } catch (error) {
    if (error instanceof LaunchError) throw error;
    // In Python projects `.env` is often a folder: a virtual environment.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'EISDIR')) return undefined;
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new LaunchError(`.env can't be read (${code}).`);
  }
}

/**
 * Decodes UTF-8, and UTF-16 with a byte order mark, which the `>` of PowerShell writes.
 *
 * @param {Buffer} bytes
 * @returns {string}
 */
function decode(bytes) {
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes);
  if (text.includes('\0')) throw new LaunchError('.env is not text: it holds zero bytes. Save it as UTF-8.');
  return text;
}

/** @param {Buffer} bytes */
function encodingOf([first, second]) {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}
