import { judgeClock } from '../clock.ts';
import { type Check, ok, problem, warning } from '../check.ts';
import type { RedisExpectations } from './expectations.ts';
import { explainAway } from './explain-away.ts';
import type { Forbidden, RedisFacts, RedisThere } from './ask-redis.ts';

const oldest = [6, 2] as const;
const full = 0.8;
const tolerableMs = 1000;

export function judgeRedis(facts: RedisFacts, expected: RedisExpectations): Check[] {
  if (facts.kind === 'away') return [explainAway(facts, expected)];
  return [
    judgeVersion(facts, expected),
    ...judgeEncryption(expected),
    ...judgeMemory(facts),
    judgeWriting(facts),
    ...judgePersistence(facts, expected),
    judgeRights(facts),
    ...(facts.aheadMs === undefined
      ? []
      : [judgeClock({ id: 'clock.redis', whose: 'that of Redis', aheadMs: facts.aheadMs, tolerableMs })]),
  ];
}

function judgeVersion({ info }: RedisThere, { place }: RedisExpectations): Check {
  const version = info.get('redis_version');
  if (version === undefined)
    return ok('redis.version', `Redis answers at ${place}; this user may not ask its version.`);
  const valkey = info.get('valkey_version');
  const name = valkey === undefined ? `Redis ${version}` : `Valkey ${valkey}`;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
  if (!isOld) return ok('redis.version', `${name} answers at ${place}.`);
  return problem('redis.version', `${name} answers at ${place}; it is too old.`, `Use ${oldest.join('.')} or newer.`);
}

function judgeEncryption({ isEncrypted, verifiesCertificate, isNearby }: RedisExpectations): Check[] {
  const id = 'redis.tls';
  if (isEncrypted && !verifiesCertificate) {
    return [
      warning(
        id,
        'The connection to Redis is encrypted, but any certificate is taken for that of Redis.',
        'Give redis.tls.ca the certificate that signs that of Redis, and leave reject_unauthorized out.',
      ),
    ];
  }
  if (isEncrypted) return [ok(id, 'The connection to Redis is encrypted, and its certificate is checked.')];
  if (isNearby) return [ok(id, 'The connection to Redis is not encrypted; it stays within this machine or network.')];
  return [
    warning(
      id,
      'The connection to Redis is not encrypted: its password, prompts and answers cross the network in clear.',
      'Use rediss:// in REDIS_URL, or redis.tls, if Redis offers TLS.',
    ),
  ];
}

function judgeMemory({ info }: RedisThere): Check[] {
  const policy = info.get('maxmemory_policy');
  const limit = Number(info.get('maxmemory') ?? 0);
  const used = Number(info.get('used_memory') ?? 0);
  const advice =
    'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf or in the settings of the service.';
  const eviction = (): Check => {
    const id = 'redis.eviction';
    if (policy === undefined) return ok(id, 'This user may not ask which keys a full Redis throws away.');
    if (policy === 'noeviction') return ok(id, 'A full Redis throws no keys away (maxmemory-policy noeviction).');
    const text = `Redis has maxmemory-policy ${policy}`;
    if (limit > 0) return problem(id, `${text}: when its memory is full, it throws queued requests away.`, advice);
    return warning(id, `${text}; without a maxmemory that has no effect yet.`, advice);
  };
  if (limit === 0 || used < full * limit) return [eviction()];
  const percent = Math.round((used / limit) * 100);
  return [
    eviction(),
    warning(
      'redis.memory',
      `Redis uses ${percent} % of its maxmemory.`,
      'Raise maxmemory: a full Redis takes no requests.',
    ),
  ];
}

function judgeWriting({ info, writeError }: RedisThere): Check {
  const id = 'redis.write';
  const isReplica = info.get('role') === 'slave' || writeError?.startsWith('READONLY') === true;
  if (isReplica) {
    return problem(
      id,
      'This Redis is a replica and takes no writes (READONLY).',
      'Point Sluice to the master, or give it all sentinels with redis.sentinel, so that it finds the master itself.',
    );
  }
  if (writeError === undefined) return ok(id, 'Redis takes writes.');
  if (writeError.startsWith('MISCONF')) {
    return problem(
      id,
      'Redis refuses writes because it can not save to its disk (MISCONF).',
      'Free its disk, or mend the rights of its data folder; its log says which.',
    );
  }
  if (writeError.startsWith('OOM')) {
    return problem(id, 'The memory of Redis is full: it refuses writes (OOM).', 'Raise maxmemory.');
  }
  return problem(id, `Redis refuses a write: ${writeError}.`, 'SECURITY.md has the rights that each service needs.');
}

function judgePersistence({ info, savePoints }: RedisThere, { storesLogins }: RedisExpectations): Check[] {
  const id = 'redis.persistence';
  if (info.get('rdb_last_bgsave_status') === 'err' || info.get('aof_last_write_status') === 'err') {
    return [problem(id, 'Redis could not write to its disk the last time.', 'Look at its log, and free its disk.')];
  }
  if (info.get('aof_enabled') === '1') {
    return [ok(id, 'Redis keeps an append-only file: requests survive its restart, and its disk holds prompts.')];
  }
  const keepsSnapshots = savePoints === undefined || savePoints !== '';
  if (info.size === 0 || keepsSnapshots) {
    return [
      ok(
        id,
        'Redis keeps no append-only file: after its crash, requests under way end with an error, and newer tokens of providers are lost.',
      ),
    ];
  }
  const text = 'Redis writes nothing to its disk: its restart loses everything';
  if (!storesLogins) return [ok(id, `${text}; requests under way then end with an error.`)];
  return [
    warning(
      id,
      `${text}, also the tokens of logins, which can not be renewed then.`,
      'Let Redis take snapshots (save 60 1) or keep an append-only file (appendonly yes).',
    ),
  ];
}

function judgeRights({ forbidden }: RedisThere): Check {
  const id = 'redis.rights';
  const ingress = inWords(forbidden.ingress);
  const worker = inWords(forbidden.worker);
  if (ingress === undefined && worker === undefined) {
    return ok(id, 'The Redis user may send all commands, to all keys, that an ingress and a worker send.');
  }
  const advice = 'SECURITY.md has a user for each service, with all that it needs.';
  if (ingress === undefined)
    return warning(id, `The Redis user is enough for an ingress; a worker also ${worker}.`, advice);
  if (worker === undefined)
    return warning(id, `The Redis user is enough for a worker; an ingress also ${ingress}.`, advice);
  const both = { commands: unite(forbidden, 'commands'), keys: unite(forbidden, 'keys') };
  return problem(id, `The Redis user is too narrow (NOPERM): Sluice also ${inWords(both)}.`, advice);
}

function inWords({ commands, keys }: Forbidden): string | undefined {
  const parts = [
    ...(commands.length === 0 ? [] : [`sends ${commands.join(', ')}`]),
    ...(keys.length === 0 ? [] : [`uses keys such as ${keys.join(', ')}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(' and ');
}

const unite = ({ ingress, worker }: RedisThere['forbidden'], what: keyof Forbidden): string[] => [
  ...new Set([...ingress[what], ...worker[what]]),
];
