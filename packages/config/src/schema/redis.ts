import { z } from 'zod';
import { isOwnSecret, notKnownToAll, ownUserinfo } from '../example-secrets.ts';
import { across, fieldOf, type Finding } from './across.ts';
import { tls } from './tls.ts';
import { hostAndPort, inWords, listOf, must, section, someText, textLike } from '@sluice/setting-types';

const urlInWords = 'a URL such as redis://host:6379 or rediss://user:password@host:6380/0';
const urlError = must(urlInWords);

/** Type of the URL of a single Redis server. */
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

const redisTls = () =>
  tls({
    peer: 'Redis',
    servername:
      'Name that the certificate must hold, and that is sent as SNI. For sentinels and clusters that report their servers by address, and for sentinels of several hosts.',
  });

export const redis = across(
  section({
    url: redisUrl
      .optional()
      .meta({ 'x-default': '`redis://127.0.0.1:6379`' })
      .describe(
        'URL of a single Redis server. `rediss://` means TLS. It may hold a user and a password, percent-encoded.',
      ),
    cluster: nodes('node').optional().describe('Some nodes of a Redis Cluster; the others are found through them.'),
    sentinel: section({
      name: someText('the name of the master').describe("The sentinels' name of the master."),
      nodes: nodes('sentinel').describe('The sentinels.'),
      username: someText('the name of an ACL user').optional().describe('ACL user of the sentinels.'),
      password: password().describe('Password for the sentinels; `redis.password` is not sent to them. Secret.'),
      tls: redisTls().meta({ 'x-default': 'as `redis.tls`' }).describe('Encrypts the connections to the sentinels.'),
    })
      .optional()
      .describe('Redis behind sentinels.'),
    tls: redisTls().describe('Encrypts the connections, for all three forms.'),
    username: someText('the name of an ACL user').optional().describe('ACL user.'),
    password: password().describe('Password. Secret.'),
    key_prefix: textLike(
      /^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$/,
      'up to 64 letters, digits and the characters : . _ -, a letter or digit first',
    )
      .default('sluice')
      .describe('Prefix of the name of every key, so that several installations can share a Redis.'),
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

/** Returns whether a text is a URL of Redis. ioredis accepts more (the path of a socket, options in the query). */
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
