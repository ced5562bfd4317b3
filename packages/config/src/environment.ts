import { z } from 'zod';
import type { ConfigProblem } from './config-error.ts';
import { isOwnSecret, notKnownToAll } from './example-secrets.ts';
import { digestOfKey } from './key-digest.ts';
import { across, findRepeated } from './schema/across.ts';
import { explainIssues } from './schema/explain-issues.ts';
import { listenPort, milliseconds, must, oneOf, someText } from '@sluice/setting-types';
import type { Profiles } from './profiles/profile.ts';
import { plainKey } from './schema/keys.ts';
import { host, logLevel } from './schema/processes.ts';
import { proxyForAll, proxyVariable } from './schema/proxy.ts';
import { redisUrl } from './schema/redis.ts';

/** For the docs: what an environment variable is. */
export interface VariableFacts {
  /** Settings of the file that it wins over. */
  readonly settings: readonly string[];
  readonly meaning: string;
  /** A value for `.env.example`; absent = not listed there. */
  readonly example?: string;
  /** True if the variable holds a secret: whoever sets it to nothing is told that it counts as not set. */
  readonly isSecret?: boolean;
  /** The same for a URL in which a user and a password may stand. */
  readonly hasSecretPart?: boolean;
  /** True if nothing uses it yet. */
  readonly isReserved?: boolean;
  /** True if the name in lower case is read too, and wins, as other programs do it. */
  readonly isAlsoLowerCase?: boolean;
}

/** A number in digits; anything else is left for the schema to refuse. */
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

/** Those that Python calls otherwise. */
const levelsOfPython: ReadonlyMap<string, string> = new Map([
  ['warning', 'warn'],
  ['critical', 'fatal'],
]);

const variableTypes = z
  .object({
    PORT: inDigits(listenPort()),
    HOST: host(),
    REDIS_URL: redisUrl,
    DATABASE_URL: someText('a URL, or not set at all'),
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

/** The environment's part of the configuration. */
export type Environment = z.output<typeof variableTypes>;
export type VariableName = keyof Environment;

/** Every variable that is read, in the order of the docs. */
export const variables: Readonly<Record<VariableName, VariableFacts>> = {
  PORT: { settings: ['server.port'], meaning: 'Port that clients call.', example: '8080' },
  HOST: {
    settings: ['server.host'],
    meaning: 'Address to listen on for clients. Images of Sluice set it to `0.0.0.0`.',
    example: '127.0.0.1',
  },
  REDIS_URL: {
    settings: ['redis.url'],
    meaning: 'A single Redis. Wins over `redis.cluster` and `redis.sentinel` too.',
    example: 'redis://127.0.0.1:6379',
    isSecret: true,
  },
  DATABASE_URL: {
    settings: [],
    meaning: 'Reserved: accepted, but nothing uses it yet.',
    example: 'postgres://sluice@127.0.0.1/sluice',
    isSecret: true,
    isReserved: true,
  },
  SLUICE_CONFIG: {
    settings: [],
    meaning: 'Path of the file. Without it `./sluice.yaml` is read if it exists.',
    example: './sluice.yaml',
  },
  LOG_LEVEL: { settings: ['log.level'], meaning: 'Least urgent lines that are written.', example: 'info' },
  METRICS_PORT: {
    settings: ['server.metrics_port', 'worker.metrics_port'],
    meaning:
      'Management port of this process: probes, status and metrics. 9463 for an ingress, 9464 for a worker. To `npm start` it names that of the worker alone: the ingress then has 9463 or the next free one.',
    example: '9464',
  },
  METRICS_HOST: {
    settings: ['server.metrics_host', 'worker.metrics_host'],
    meaning: 'Address to listen on for the management port. Images of Sluice set it to `0.0.0.0`.',
    example: '127.0.0.1',
  },
  DRAIN_TIMEOUT_MS: {
    settings: ['server.drain_timeout_ms', 'worker.drain_timeout_ms'],
    meaning: 'How long open answers may go on after a stop signal.',
    example: '120000',
  },
  SLUICE_SECRET_KEY: {
    settings: [],
    meaning:
      'Seals what waits in Redis: requests, what was delivered of answers, the tokens that providers give out; and signs jobs (see SECURITY.md). The same for all ingresses and workers, at least 16 characters. Required where a credential has `anonymous` or `oauth_file`; `npm start` then makes one and keeps it in `.sluice/secret-key`.',
    example: 'CHANGE-ME',
    isSecret: true,
  },
  SLUICE_API_KEYS: {
    settings: ['keys'],
    meaning:
      'Client keys separated by commas, for a first start without a file. They may use every model without limits, and come on top of `keys`.',
    example: 'sk-CHANGE-ME',
    isSecret: true,
  },
  SLUICE_COMPAT: {
    settings: [],
    meaning:
      'Stand in for another gateway, without a file: its own variables, defaults, port and models. See [migrating](migrate.md).',
    example: 'z2api',
  },
  SIMULATOR_PORT: {
    settings: [],
    meaning: 'Port of the simulator, and where it is looked for when no upstream is configured.',
    example: '9900',
  },
  SIMULATOR_HOST: {
    settings: [],
    meaning:
      'Host at which the simulator is looked for when no upstream is configured. `npm start` starts one only if it is not set.',
    example: '127.0.0.1',
  },
  HTTPS_PROXY: {
    settings: [],
    meaning:
      'Proxy for calls to upstreams and images whose URL begins with `https://`. `https_proxy` is read too and wins. `none`: no proxy, whatever `ALL_PROXY` says. See [networking](networking.md).',
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
    meaning: 'Proxy for both where the variable of its own is not set. A SOCKS proxy is not used, with a warning.',
    isAlsoLowerCase: true,
    hasSecretPart: true,
  },
  NO_PROXY: {
    settings: [],
    meaning:
      'Hosts that are called without these proxies, separated by commas: `example.com` (and what is below it), `*.example.com`, `10.0.0.0/8`, `host:port`, `*`. Loopback is always called without them.',
    example: '.internal.example,10.0.0.0/8',
    isAlsoLowerCase: true,
  },
};

export interface ReadEnvironment {
  /** Of the variables that are as they must be. */
  readonly environment: Environment;
  readonly problems: readonly ConfigProblem[];
  /** Variables that were passed over. */
  readonly notes: readonly string[];
}

/** No port is set in this way. */
const serviceLink = /^(?:tcp|udp|sctp):\/\/\S+$/;

/**
 * Returns the names of our variables that Kubernetes has set: it gives every container a `…_PORT` for each service
 * beside it, so that a service called `metrics` makes `METRICS_PORT=tcp://10.0.0.1:9464`.
 */
export function serviceLinksIn(env: Readonly<Record<string, string | undefined>>): ReadonlySet<string> {
  const ports = Object.keys(variables).filter((name) => name.endsWith('PORT'));
  return new Set(ports.filter((name) => serviceLink.test(env[name] ?? '')));
}

/** The spellings of a variable; the first one that is set counts. */
const namesOf = (name: string, { isAlsoLowerCase = false }: VariableFacts): string[] =>
  isAlsoLowerCase ? [name.toLowerCase(), name] : [name];

/** The names, in every spelling, of our variables that may hold a secret and that something uses. */
export const secretVariableNames: readonly string[] = Object.entries(variables).flatMap(([name, facts]) =>
  (facts.isSecret || facts.hasSecretPart) && !facts.isReserved ? namesOf(name, facts) : [],
);

/** The spelling of the variable's name that its value comes from. */
export function suppliedBy(name: VariableName, env: Readonly<Record<string, string | undefined>>): string {
  const lower = name.toLowerCase();
  return variables[name].isAlsoLowerCase === true && (env[lower] ?? '') !== '' ? lower : name;
}

/**
 * Takes our variables out of a process's environment. One that is empty counts as not set.
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
  // zod compiles a new schema at its first use, which takes longer than all else here; most environments name no profile.
  const hasProfile = given.some(([name]) => name === 'SLUICE_COMPAT');
  const types = hasProfile ? variableTypes.extend({ SLUICE_COMPAT: profileName(profiles).optional() }) : variableTypes;
  const parsed = types.safeParse(Object.fromEntries(given));
  if (parsed.success) return { environment: parsed.data, problems: [], notes };
  const { issues } = parsed.error;
  const wrong = new Set(issues.map(({ path }) => path[0]));
  const environment = types.parse(Object.fromEntries(given.filter(([name]) => !wrong.has(name))));
  return { environment, problems: explainIssues(issues, () => []), notes };
}

/** The name of a profile. */
function profileName(profiles: Profiles | undefined): z.ZodType<string> {
  const [first, ...others] = Object.keys(profiles?.byName ?? {});
  const unknown = 'must not be set: this program knows no other gateway';
  return first === undefined ? z.string().refine(() => false, { error: unknown }) : oneOf([first, ...others]);
}
