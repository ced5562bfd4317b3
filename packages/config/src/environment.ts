import { z } from 'zod';
import type { ConfigProblem } from './config-error.ts';
import { isOwnSecret, notKnownToAll } from './example-secrets.ts';
import { digestOfKey } from './key-digest.ts';
import { across, findRepeated } from './schema/across.ts';
import { explainIssues } from './schema/explain-issues.ts';
import { listenPort, milliseconds, must, oneOf, someText } from '@sluice/setting-types';
import type { Profiles } from './profiles/profile.ts';
import { databaseUrl } from './schema/database.ts';
import { plainKey } from './schema/keys.ts';
import { host, logLevel } from './schema/processes.ts';
import { proxyForAll, proxyVariable } from './schema/proxy.ts';
import { redisUrl } from './schema/redis.ts';

/** Facts about an environment variable, for the documentation and the messages. */
export interface VariableFacts {
  /** Settings of the file that the variable overrides. */
  readonly settings: readonly string[];
  readonly meaning: string;
  /** Value in `.env.example`; absent = not listed there. */
  readonly example?: string;
  /** True if the variable holds a secret: an empty value, which counts as not set, causes a warning. */
  readonly isSecret?: boolean;
  /** The same for a URL that may hold a user and a password. */
  readonly hasSecretPart?: boolean;
  /** True if the name in lower case is read too and wins, as in other programs. */
  readonly isAlsoLowerCase?: boolean;
}

/** Converts digits to a number; the schema refuses any other text. */
const inDigits = (schema: z.ZodNumber): z.ZodType<number> =>
  z.preprocess((text) => (typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : text), schema);

const keysInWords = 'client keys separated by commas, or not set at all';
const keyList = z
  .string(must(keysInWords))
  .min(1, must(keysInWords))
  .transform((text) => text.split(',').map((key) => key.trim()))
  .pipe(
    across(z.array(plainKey), (value) =>
      findRepeated({
        list: value,
        nameOf: (key) => (typeof key === 'string' && key !== '' ? digestOfKey(key) : undefined),
        field: [],
        message: (first) => `is the same key as number ${first}; remove one of them`,
      }),
    ),
  );

/** Levels for which Python has other names. */
const levelsOfPython: ReadonlyMap<string, string> = new Map([
  ['warning', 'warn'],
  ['critical', 'fatal'],
]);

const variableTypes = z
  .object({
    PORT: inDigits(listenPort()),
    HOST: host(),
    REDIS_URL: redisUrl,
    DATABASE_URL: databaseUrl,
    SLUICE_CONFIG: z.string(),
    LOG_LEVEL: z
      .string()
      .toLowerCase()
      .transform((text) => levelsOfPython.get(text) ?? text)
      .pipe(logLevel),
    METRICS_PORT: inDigits(listenPort()),
    METRICS_HOST: host(),
    DRAIN_TIMEOUT_MS: inDigits(milliseconds(0)),
    SLUICE_SECRET_KEY: someText('a secret, or not set at all').refine(isOwnSecret, notKnownToAll),
    SLUICE_API_KEYS: keyList,
    SLUICE_COMPAT: z.string(),
    SIMULATOR_PORT: inDigits(listenPort()),
    SIMULATOR_HOST: host(),
    HTTPS_PROXY: proxyVariable,
    HTTP_PROXY: proxyVariable,
    ALL_PROXY: proxyForAll,
    NO_PROXY: z.string(),
  })
  .partial();

/** The environment's part of the configuration, validated. */
export type Environment = z.output<typeof variableTypes>;
export type VariableName = keyof Environment;

/** All variables that are read, in the order of the docs. */
export const variables: Readonly<Record<VariableName, VariableFacts>> = {
  PORT: { settings: ['server.port'], meaning: 'Port that clients call.', example: '8080' },
  HOST: {
    settings: ['server.host'],
    meaning: "Listen address of the port for clients. Sluice's images set it to `0.0.0.0`.",
    example: '127.0.0.1',
  },
  REDIS_URL: {
    settings: ['redis.url'],
    meaning: 'URL of a single Redis server. It overrides `redis.cluster` and `redis.sentinel` too.',
    example: 'redis://127.0.0.1:6379',
    isSecret: true,
  },
  DATABASE_URL: {
    settings: ['database.url'],
    meaning:
      'URL of a PostgreSQL database for the records. Without it, `npm start` uses a PostgreSQL of its own; services that are started by themselves keep no records. `none`: no records under `npm start` either.',
    example: 'postgres://sluice@127.0.0.1:5432/sluice',
    isSecret: true,
  },
  SLUICE_CONFIG: {
    settings: [],
    meaning: 'Path of the configuration file. Without it, `./sluice.yaml` is read if it exists.',
    example: './sluice.yaml',
  },
  LOG_LEVEL: { settings: ['log.level'], meaning: 'Lowest level of lines that are written.', example: 'info' },
  METRICS_PORT: {
    settings: ['server.metrics_port', 'worker.metrics_port'],
    meaning:
      'Management port of this process: probes, status and metrics. Default: 9463 for an ingress, 9464 for a worker. Under `npm start` it applies to the worker only; the ingress uses 9463 or the next free port.',
    example: '9464',
  },
  METRICS_HOST: {
    settings: ['server.metrics_host', 'worker.metrics_host'],
    meaning: "Listen address of the management port. Sluice's images set it to `0.0.0.0`.",
    example: '127.0.0.1',
  },
  DRAIN_TIMEOUT_MS: {
    settings: ['server.drain_timeout_ms', 'worker.drain_timeout_ms'],
    meaning: 'Longest time that open answers continue after a stop signal.',
    example: '120000',
  },
  SLUICE_SECRET_KEY: {
    settings: [],
    meaning:
      'Encrypts requests, delivered parts of answers and access tokens in Redis, and signs jobs (see SECURITY.md). The same for all ingresses and workers, at least 16 characters. Required if a credential has `anonymous` or `oauth_file`; `npm start` then generates one and keeps it in `.sluice/secret-key`.',
    example: 'CHANGE-ME',
    isSecret: true,
  },
  SLUICE_API_KEYS: {
    settings: ['keys'],
    meaning:
      'Client keys separated by commas, for a first start without a file. They may use every model without limits, and are added to `keys`.',
    example: 'sk-CHANGE-ME',
    isSecret: true,
  },
  SLUICE_COMPAT: {
    settings: [],
    meaning:
      'Name of another gateway that Sluice replaces, without a file: its variables, defaults, port and models apply. See [migrating](migrate.md).',
    example: 'z2api',
  },
  SIMULATOR_PORT: {
    settings: [],
    meaning: 'Port of the simulator, which is also called there if no upstream is configured.',
    example: '9900',
  },
  SIMULATOR_HOST: {
    settings: [],
    meaning:
      'Host of a simulator that is called if no upstream is configured. `npm start` starts its own only if this is not set.',
    example: '127.0.0.1',
  },
  HTTPS_PROXY: {
    settings: [],
    meaning:
      'Proxy for calls to upstreams, images and OIDC issuers whose URL begins with `https://`. `https_proxy` is read too and wins. `none`: no proxy, in spite of `ALL_PROXY`. See [networking](networking.md).',
    example: 'http://proxy.example:3128',
    isAlsoLowerCase: true,
    hasSecretPart: true,
  },
  HTTP_PROXY: {
    settings: [],
    meaning: 'The same for `http://`.',
    example: 'http://proxy.example:3128',
    isAlsoLowerCase: true,
    hasSecretPart: true,
  },
  ALL_PROXY: {
    settings: [],
    meaning:
      'Proxy for both kinds of URL if `HTTPS_PROXY` or `HTTP_PROXY` is not set. A SOCKS proxy is not used, with a warning.',
    isAlsoLowerCase: true,
    hasSecretPart: true,
  },
  NO_PROXY: {
    settings: [],
    meaning:
      'Hosts that are called without these proxies, separated by commas: `example.com` (with its subdomains), `*.example.com`, `10.0.0.0/8`, `host:port`, `*`. Loopback is always called without them.',
    example: '.internal.example,10.0.0.0/8',
    isAlsoLowerCase: true,
  },
};

export interface ReadEnvironment {
  /** The values of the valid variables. */
  readonly environment: Environment;
  readonly problems: readonly ConfigProblem[];
  /** Notices about variables that are ignored. */
  readonly notes: readonly string[];
}

/** Address of a Kubernetes service, which is not a port. */
const serviceLink = /^(?:tcp|udp|sctp):\/\/\S+$/;

/**
 * Returns the names of Sluice's variables that Kubernetes has set: it gives every container a variable `…_PORT` for each
 * service of its namespace, so that a service named `metrics` sets `METRICS_PORT=tcp://10.0.0.1:9464`.
 */
export function serviceLinksIn(env: Readonly<Record<string, string | undefined>>): ReadonlySet<string> {
  const ports = Object.keys(variables).filter((name) => name.endsWith('PORT'));
  return new Set(ports.filter((name) => serviceLink.test(env[name] ?? '')));
}

/** Returns the spellings of a variable; the first one that is set counts. */
const namesOf = (name: string, { isAlsoLowerCase = false }: VariableFacts): string[] =>
  isAlsoLowerCase ? [name.toLowerCase(), name] : [name];

/** Names, in every spelling, of Sluice's variables that may hold a secret. */
export const secretVariableNames: readonly string[] = Object.entries(variables).flatMap(([name, facts]) =>
  facts.isSecret || facts.hasSecretPart ? namesOf(name, facts) : [],
);

/** Returns the spelling of a variable's name that supplies its value. */
export function suppliedBy(name: VariableName, env: Readonly<Record<string, string | undefined>>): string {
  const lower = name.toLowerCase();
  return variables[name].isAlsoLowerCase === true && (env[lower] ?? '') !== '' ? lower : name;
}

/**
 * Reads Sluice's variables from a process's environment. An empty one counts as not set.
 *
 * @param profiles profiles that `SLUICE_COMPAT` may name; undefined = it must not be set
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  profiles?: Profiles,
): ReadEnvironment {
  const links = serviceLinksIn(env);
  const given = Object.entries(variables).flatMap(([name, facts]) => {
    const text = namesOf(name, facts)
      .map((spelling) => env[spelling] ?? '')
      .find((spelt) => spelt !== '');
    return text === undefined || links.has(name) ? [] : [[name, text] as const];
  });
  const notes = [...links].map(
    (name) => `${name}=${env[name]} is ignored: it is the address of a Kubernetes service, not a setting`,
  );
  // zod compiles a new schema at its first use, which takes longer than everything else here; most environments name no profile.
  const hasProfile = given.some(([name]) => name === 'SLUICE_COMPAT');
  const types = hasProfile ? variableTypes.extend({ SLUICE_COMPAT: profileName(profiles).optional() }) : variableTypes;
  const parsed = types.safeParse(Object.fromEntries(given));
  if (parsed.success) return { environment: parsed.data, problems: [], notes };
  const { issues } = parsed.error;
  const wrong = new Set(issues.map(({ path }) => path[0]));
  const environment = types.parse(Object.fromEntries(given.filter(([name]) => !wrong.has(name))));
  return { environment, problems: explainIssues(issues, () => []), notes };
}

/** Returns the type of the name of a profile. */
function profileName(profiles: Profiles | undefined): z.ZodType<string> {
  const [first, ...others] = Object.keys(profiles?.byName ?? {});
  const unknown = 'must not be set: this program cannot replace other gateways';
  return first === undefined ? z.string().refine(() => false, { error: unknown }) : oneOf([first, ...others]);
}
