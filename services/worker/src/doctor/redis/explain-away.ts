import { type Check, type CheckId, problem } from '../check.ts';
import type { RedisAway } from './ask-redis.ts';
import type { RedisExpectations } from './expectations.ts';

interface Reason {
  readonly pattern: RegExp;
  readonly id: CheckId;
  readonly text: string;
  readonly advice: string;
}

/** Reasons, the most specific first: after a refused login the connection is also closed. */
const reasons: readonly Reason[] = [
  {
    pattern: /WRONGPASS|invalid password|Client sent AUTH, but no password|AUTH <password> called without/i,
    id: 'redis.login',
    text: 'Redis at PLACE refuses the user or the password.',
    advice: 'Correct the password in REDIS_URL, or redis.username and redis.password; percent-encode it in a URL.',
  },
  {
    pattern: /NOAUTH|Authentication required/i,
    id: 'redis.login',
    text: 'Redis at PLACE wants a password, and none is given.',
    advice: 'Give one: REDIS_URL=redis://:PASSWORD@host:port, or redis.password.',
  },
  {
    pattern: /DB index|SELECT is not allowed/i,
    id: 'redis.connect',
    text: 'Redis at PLACE has no database of the number at the end of its URL.',
    advice: 'Correct that number in REDIS_URL (redis.url); without it the database is 0.',
  },
  {
    pattern: /NOPERM/,
    id: 'redis.rights',
    text: 'The Redis user may not even open a session at PLACE (NOPERM).',
    advice: 'SECURITY.md has a user for each service, with all that it needs.',
  },
  {
    pattern: /ERR_TLS_CERT_ALTNAME|does not match certificate/i,
    id: 'redis.tls',
    text: 'The certificate of Redis at PLACE is for another name: CAUSE.',
    advice:
      'Call Redis by the name that it is for, or set redis.tls.servername to that name (redis.sentinel.tls.servername for sentinels).',
  },
  {
    pattern: /CERTIFICATE_REQUIRED/i,
    id: 'redis.tls',
    text: 'Redis at PLACE wants a client certificate.',
    advice: 'Set redis.tls.cert and redis.tls.key (redis.sentinel.tls for sentinels).',
  },
  {
    pattern: /SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)|CERT_SIGNATURE_FAILURE/i,
    id: 'redis.tls',
    text: 'The certificate of Redis at PLACE is from an authority that is not trusted: CAUSE.',
    advice:
      'Add that authority to the file of redis.tls.ca (redis.sentinel.tls.ca for sentinels); the file replaces the authorities of this machine.',
  },
  {
    pattern: /UNABLE_TO_|CERT_|ERR_TLS_CERT|certificate/i,
    id: 'redis.tls',
    text: 'The certificate of Redis at PLACE is not accepted: CAUSE.',
    advice: 'Renew it, or look at the files of redis.tls.',
  },
  {
    pattern: /ENOENT/,
    id: 'redis.tls',
    text: 'The file of redis.tls.ca is not there.',
    advice: 'Correct its path; a relative one begins at the folder in which Sluice is started.',
  },
  {
    pattern: /WRONG_VERSION_NUMBER|EPROTO|packet length too long/i,
    id: 'redis.tls',
    text: 'Redis at PLACE does not speak TLS on this port.',
    advice: 'Use redis:// instead of rediss://, or the TLS port of Redis.',
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN/,
    id: 'redis.dns',
    text: 'The name of Redis, PLACE, has no address.',
    advice: 'Correct the host in REDIS_URL, or see whether this machine reaches a name server.',
  },
  {
    pattern: /ECONNREFUSED/,
    id: 'redis.connect',
    text: 'Nothing listens at PLACE, where Redis should be.',
    advice: 'Start Redis there, or correct REDIS_URL. `npm start` without REDIS_URL brings a Redis of its own.',
  },
  {
    pattern: /LOADING/,
    id: 'redis.connect',
    text: 'Redis at PLACE is still loading its data.',
    advice: 'Wait until it has.',
  },
  {
    pattern: /CLUSTERDOWN|slots cache|cluster support disabled/i,
    id: 'redis.connect',
    text: 'The Redis Cluster at PLACE is not complete, or is not a cluster.',
    advice: 'See CLUSTER INFO; for a single server use redis.url.',
  },
  {
    pattern: /sentinel/i,
    id: 'redis.connect',
    text: 'No sentinel at PLACE knows the master.',
    advice: 'Correct redis.sentinel.name and redis.sentinel.nodes.',
  },
];

/** Explains why Redis can't be reached. */
export function explainAway({ reasons: messages }: RedisAway, { place, isEncrypted }: RedisExpectations): Check {
  const all = messages.join('\n');
  const reason = reasons.find(({ pattern }) => pattern.test(all));
  if (reason !== undefined) {
    const cause = messages.find((message) => reason.pattern.test(message)) ?? '';
    const text = reason.text.replace('PLACE', place).replace('CAUSE', withoutStop(cause));
    return problem(reason.id, text, reason.advice);
  }
  return problem(
    'redis.connect',
    `Redis at ${place} does not answer: ${withoutStop(messages.at(-1) ?? 'no reason is known')}.`,
    silenceAdvice(/closed|ECONNRESET/i.test(all), isEncrypted),
  );
}

/** A server without TLS treats a TLS handshake as an incomplete command; a TLS port closes on plain commands. */
function silenceAdvice(isClosed: boolean, isEncrypted: boolean): string {
  if (isEncrypted)
    return 'Its port may not speak TLS: then use redis://. Otherwise see whether a firewall is in between.';
  return isClosed
    ? 'It may want TLS (rediss://). Otherwise see whether a firewall is in between.'
    : 'See whether a firewall is in between, and whether Redis is overloaded or stopped.';
}

const withoutStop = (text: string): string => text.replace(/\.$/, '');
