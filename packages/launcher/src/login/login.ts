import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError, createChooseProxy, readProxies } from '@sluice/config';
import { type Login, type LoginClient, providers } from '@sluice/providers';
import { LaunchError } from '../bare/launch-error.mjs';
import { openCallback } from './callback.ts';
import { converse } from './converse.ts';
import { saveLogin } from './save-login.ts';

export interface LoginCommand {
  readonly env: NodeJS.ProcessEnv;
  /** The person's home folder. */
  readonly home: string;
  /** The folder that relative paths start from. */
  readonly cwd: string;
  readonly say: (text: string) => void;
}

/** Maximum time for the login in the browser. */
const browserMs = 10 * 60_000;

/**
 * Logs a person in at a provider through a browser, and saves the login for the workers.
 *
 * @returns exit code
 * @throws LaunchError when something is missing, the port is taken, or the provider refuses
 */
export async function logIn({ env, home, cwd, say }: LoginCommand, args: readonly string[]): Promise<number> {
  const { type, login, file = join(home, login.file), port = login.callback.port } = readArguments(args);
  const client = readClient(login, env);
  const proxyOf = createChooseProxy(proxiesOf(env));
  const state = randomBytes(24).toString('base64url');
  const callback = await openCallback({ port, path: login.callback.path, state });
  try {
    const { redirectUri } = callback;
    say(`Open this address in a browser and log in:\n\n  ${login.authorizeUrl({ ...client, redirectUri }, state)}\n`);
    say(`Waiting for the browser at ${redirectUri} …`);
    const code = await callback.code(browserMs);
    const path = resolve(cwd, file);
    const result = await converse(login.exchange(code, { ...client, redirectUri }, Date.now()), proxyOf);
    if (result.kind === 'failed') throw new LaunchError(withoutSecrets(result.failure.message, [client.secret, code]));
    saveLogin(path, result.fileText);
    say(`Logged in${result.account === undefined ? '' : ` as ${result.account}`}; saved in ${path}.`);
    say(whereItIsUsed({ type, path, usualPath: join(home, login.file) }));
    return 0;
  } finally {
    callback.close();
  }
}

interface Saved {
  readonly type: string;
  readonly path: string;
  /** The path at which a profile expects the login. */
  readonly usualPath: string;
}

function whereItIsUsed({ type, path, usualPath }: Saved): string {
  const byFile = `In sluice.yaml, a credential of an ${type} upstream uses it with  oauth_file: ${path}`;
  return type === 'iflow' && path === usualPath ? `SLUICE_COMPAT=iflow2api uses it as it is. ${byFile}` : byFile;
}

function proxiesOf(env: NodeJS.ProcessEnv): ReturnType<typeof readProxies> {
  try {
    return readProxies(env);
  } catch (error) {
    throw error instanceof ConfigError ? new LaunchError(error.message) : error;
  }
}

interface Chosen {
  readonly type: string;
  readonly login: Login;
  readonly file: string | undefined;
  readonly port: number | undefined;
}

function readArguments(args: readonly string[]): Chosen {
  const withLogin = Object.entries(providers).flatMap(([type, { login }]) =>
    login === undefined ? [] : [{ type, login }],
  );
  const usage = `Usage: npm run login -- <provider> [--file PATH] [--port PORT]. Providers: ${withLogin.map(({ type }) => type).join(', ')}.`;
  const { positionals, values } = parse(args, usage);
  const found = withLogin.find(({ type }) => type === positionals[0]);
  if (found === undefined || positionals.length > 1) throw new LaunchError(usage);
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    throw new LaunchError('--port must be a whole number from 1 to 65535.');
  }
  return { ...found, file: values.file, port };
}

function parse(args: readonly string[], usage: string) {
  try {
    const options = { file: { type: 'string' }, port: { type: 'string' } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch {
    throw new LaunchError(usage);
  }
}

function readClient(
  { variablePrefix, defaultBaseUrl, whereClientIs }: Login,
  env: NodeJS.ProcessEnv,
): Omit<LoginClient, 'redirectUri'> {
  const names = { id: `${variablePrefix}_CLIENT_ID`, secret: `${variablePrefix}_CLIENT_SECRET` };
  const { [names.id]: id = '', [names.secret]: secret = '' } = env;
  if (id === '' || secret === '') {
    throw new LaunchError(`Set ${names.id} and ${names.secret}, with which a login is made. ${whereClientIs}.`);
  }
  const baseUrl = env[`${variablePrefix}_BASE_URL`] || defaultBaseUrl;
  if (!URL.canParse(baseUrl)) throw new LaunchError(`${variablePrefix}_BASE_URL must be a URL.`);
  return { id, secret, baseUrl: baseUrl.replace(/\/+$/, '') };
}

const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '…'), text);
