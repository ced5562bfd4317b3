import { z } from 'zod';
import { isOwnSecret, notKnownToAll, ownUserinfo } from '../example-secrets.ts';
import { across, fieldOf, type Finding } from './across.ts';
import { findHalfCertificate, tlsFiles } from './tls-files.ts';
import { flag, hostAndPort, inWords, listOf, must, section, someText, textLike } from '@sluice/setting-types';

const urlInWords = 'a URL such as redis://host:6379 or rediss://user:password@host:6380/0';
const urlError = must(urlInWords);

/** The URL of a single Redis. */
export const redisUrl = inWords(
  z
    .string(urlError)
    .refine(isRedisUrl, urlError)
    .refine(...ownUserinfo),
  urlInWords,
);

const password = (): z.ZodOptional<z.ZodString> => someText('text').refine(isOwnSecret, notKnownToAll).optional();

const nodes = (whose: string): z.ZodArray<z.ZodString> => {
  const wanted = `a list of at least one ${whose} as host:port`;
  return inWords(listOf(hostAndPort(), wanted).min(1, must(wanted)), wanted);
};

const tlsInWords = 'true, false or a mapping with ca, cert, key, servername and reject_unauthorized';
const tlsDetails = across(
  section({
    ...tlsFiles('Redis'),
    servername: someText('a host name')
      .optional()
      .meta({ 'x-default': 'the host that is called' })
      .describe(
        'Name that must stand in the certificate, and that the server is told (SNI). For sentinels and clusters that name their servers by address, and sentinels of several hosts.',
      ),
    reject_unauthorized: flag()
      .default(true)
      .describe('Refuse a certificate that nobody trusted has signed. `false` only for tests.'),
  }),
  findHalfCertificate,
);
const tls = () => inWords(z.union([flag(), tlsDetails], must(tlsInWords)), tlsInWords).optional();

export const redis = across(
  section({
    url: redisUrl
      .optional()
      .meta({ 'x-default': '`redis://127.0.0.1:6379`' })
      .describe('A single Redis. `rediss://` means TLS. A user and password may stand in it, percent-encoded.'),
    cluster: nodes('node').optional().describe('Redis Cluster: some of its nodes; the others are found through them.'),
    sentinel: section({
      name: someText('the name of the master').describe('Name by which the sentinels know the master.'),
      nodes: nodes('sentinel').describe('The sentinels.'),
      username: someText('the name of an ACL user').optional().describe('ACL user at the sentinels.'),
      password: password().describe('Password of the sentinels; `redis.password` is not sent to them. Secret.'),
      tls: tls().meta({ 'x-default': 'as `redis.tls`' }).describe('Encrypt the connections to the sentinels.'),
    })
      .optional()
      .describe('Redis behind sentinels.'),
    tls: tls().describe('Encrypt the connections, whatever form Redis has.'),
    username: someText('the name of an ACL user').optional().describe('ACL user.'),
    password: password().describe('Password. Secret.'),
    key_prefix: textLike(
      /^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$/,
      'up to 64 letters, digits and the characters : . _ -, a letter or digit first',
    )
      .default('sluice')
      .describe('Begins the name of every key, so that several installations can share a Redis.'),
  }),
  findContradictions,
);

function* findContradictions(value: unknown): Iterable<Finding> {
  const [first, ...others] = ['url', 'cluster', 'sentinel'].filter((form) => fieldOf(value, form) !== undefined);
  for (const form of others) {
    yield { path: [form], message: `contradicts ${first}; give only one of url, cluster and sentinel` };
  }
  const url = fieldOf(value, 'url');
  if (typeof url !== 'string' || !isRedisUrl(url)) return;
  const { protocol, username, password } = new URL(url);
  if (protocol === 'rediss:' && fieldOf(value, 'tls') === false) {
    yield { path: ['tls'], message: 'contradicts url, which begins with rediss:// and so means TLS' };
  }
  for (const [name, inUrl] of Object.entries({ username, password })) {
    if (inUrl !== '' && fieldOf(value, name) !== undefined) {
      yield { path: [name], message: `contradicts url, which holds a ${name} too; give it in one place` };
    }
  }
}

/** Anything else that ioredis would take from a URL (a socket's path, options in the query) is not for files. */
function isRedisUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') return false;
  const hasEmptyPassword = /^rediss?:\/\/[^/?#@]*:@/i.test(text);
  const parameters = [...url.searchParams.keys()].filter((name) => name !== 'family');
  return (
    !hasEmptyPassword &&
    parameters.length === 0 &&
    url.hash === '' &&
    /^(?:\/\d{0,5})?$/.test(url.pathname) &&
    isDecodable(url.username) &&
    isDecodable(url.password)
  );
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
