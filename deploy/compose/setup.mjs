// The first container of docker-compose.yml; it ends before the others start. It checks the configuration, so that a mistake
// is reported once instead of by four services that restart for ever, and makes the secrets that are not set. They stay the
// same from start to start, in volumes that only the services with a need for them mount.
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { profiles } from '../../packages/compat/dist/index.js';
import { ConfigError, loadConfig } from '../../packages/config/dist/index.js';

const folders = {
  ingress: '/secrets/ingress',
  worker: '/secrets/worker',
  redis: '/secrets/redis',
  postgres: '/secrets/postgres',
};
const { env } = process;
const isSet = (name) => (env[name] ?? '') !== '';
const say = (text) => console.log(`sluice: ${text}`);

async function setUp() {
  const before = { ...readSecrets('ingress'), ...readSecrets('worker') };
  const kept = (name, make) => before[name] ?? make();
  const secretKey = kept('SLUICE_SECRET_KEY', () => randomBytes(32).toString('base64url'));
  const config = loadConfig({
    env: { SLUICE_SECRET_KEY: secretKey, ...withoutEmpty(env) },
    cwd: '/etc/sluice',
    isKeyRequired: false,
    profiles,
  });
  for (const warning of config.warnings) say(warning);

  // Makes a client key only if none is configured: it has all rights.
  const apiKey =
    config.keys.length > 0 ? undefined : kept('SLUICE_API_KEYS', () => `sk-${randomBytes(24).toString('hex')}`);
  const passwords = {
    'sluice-ingress': passwordIn(readSecrets('ingress')['REDIS_URL']),
    'sluice-worker': passwordIn(readSecrets('worker')['REDIS_URL']),
    'sluice-admin': readSecrets('redis', 'admin.env')['PASSWORD'] ?? randomBytes(24).toString('hex'),
  };
  writeSecret('redis', 'admin.env', asEnv({ PASSWORD: passwords['sluice-admin'] }));
  writeSecret('redis', 'users.acl', accessList(passwords));

  const databasePassword = readSecrets('postgres', 'password.env')['PASSWORD'] ?? randomBytes(24).toString('hex');
  writeSecret('postgres', 'password.env', asEnv({ PASSWORD: databasePassword }));
  writeSecret('postgres', 'password', databasePassword);
  // A database of the person's own is used instead, and `none` is obeyed.
  const isOurs = config.database === undefined && !config.isDatabaseRefused;
  const databaseUrl = (user) => (isOurs ? { DATABASE_URL: `postgres://${user}/sluice` } : {});

  const common = {
    SLUICE_SECRET_KEY: secretKey,
    ...(apiKey === undefined ? {} : { SLUICE_API_KEYS: apiKey }),
    ...((await isThere('collector')) ? { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' } : {}),
  };
  const redisUrl = (user) => `redis://${user}:${passwords[user]}@redis:6379`;
  writeSecret(
    'ingress',
    'env',
    asEnv({
      ...common,
      REDIS_URL: redisUrl('sluice-ingress'),
      ...databaseUrl(`sluice:${databasePassword}@postgres:5432`),
    }),
  );
  writeSecret(
    'worker',
    'env',
    asEnv({
      ...common,
      REDIS_URL: redisUrl('sluice-worker'),
      // A worker never connects to the database; it only needs to know that there is one.
      ...databaseUrl('the-ingresses-have-it'),
    }),
  );

  if (apiKey !== undefined) say(`API key: ${apiKey}`);
  say(config.demo ? 'no provider is configured: the simulator answers the model demo' : 'the configuration is good');
  if (common.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined && !isSet('OTEL_EXPORTER_OTLP_ENDPOINT'))
    say('traces go to the collector');
}

const withoutEmpty = (variables) => Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
const asEnv = (variables) =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

function readSecrets(folder, file = 'env') {
  try {
    return parseEnv(readFileSync(`${folders[folder]}/${file}`, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

/** Writes a file that every user in the mounting containers can read: the containers run as different users. */
function writeSecret(folder, file, text) {
  const path = `${folders[folder]}/${file}`;
  writeFileSync(`${path}.new`, text, { mode: 0o444 });
  renameSync(`${path}.new`, path);
}

const passwordIn = (url) => (url === undefined ? randomBytes(24).toString('hex') : new URL(url).password);

/** Writes each user on one line, as Redis requires. */
function accessList(passwords) {
  const text = readFileSync('/app/deploy/compose/users.acl', 'utf8');
  return text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\n[ \t]+/g, ' ')
    .replaceAll(/^user (\S+) on >PASSWORD/gm, (_, user) => `user ${user} on >${passwords[user]}`)
    .replaceAll(/\n\n+/g, '\n')
    .trimStart();
}

/** The trace collector runs only with the profile `observability`, and starts before this container. */
async function isThere(host) {
  try {
    await lookup(host);
    return true;
  } catch {
    return false;
  }
}

try {
  await setUp();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
