import { z } from 'zod';
import { ownUserinfo } from '../example-secrets.ts';
import { across, fieldOf, type Finding } from './across.ts';
import { tls } from './tls.ts';
import { inWords, milliseconds, must, section, wholeNumber } from '@sluice/setting-types';

/** Text in place of a URL that switches the records off. */
export const noDatabase = 'none';

const urlInWords = 'a URL such as postgres://user:password@host:5432/database, or none';
const urlError = must(
  `${urlInWords}, because Sluice keeps its records in PostgreSQL only; remove it, and \`npm start\` uses a PostgreSQL of its own`,
);

/** The values of `sslmode` that a URL may have. Others would encrypt the connection only if the server wants it. */
const sslModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

/** Type of the URL of a PostgreSQL database. */
export const databaseUrl = inWords(
  z
    .string(urlError)
    .refine(isDatabaseUrl, { ...urlError, abort: true })
    .refine(hasKnownParameters, {
      error: `must not have parameters in its query other than sslmode (${sslModes.join(', ')}); remove them`,
    })
    .refine(...ownUserinfo),
  urlInWords,
);

export const database = across(
  section({
    url: databaseUrl
      .optional()
      .meta({ 'x-default': 'none; `npm start` uses a PostgreSQL of its own' })
      .describe(
        'URL of a PostgreSQL database, version 15 or newer, for the records. Without it Sluice keeps no records. It may hold a user and a password, percent-encoded, and `sslmode`. `none`: no records under `npm start` either.',
      ),
    pool_size: wholeNumber(1, 100)
      .default(5)
      .describe('Connections of one ingress to the database at once; further statements wait.'),
    statement_timeout_ms: milliseconds()
      .default(10_000)
      .describe('Longest time of one statement; then it is cancelled.'),
    connect_timeout_ms: milliseconds()
      .default(5000)
      .describe('Time in which a connection must be made, or must become free in the pool.'),
    tls: tls({
      peer: 'the database',
      servername:
        'Name that the certificate must hold, and that is sent as SNI. For databases that are called by address.',
    }).describe('Encrypts the connections and checks the certificate of the database.'),
  }),
  findContradictions,
);

function* findContradictions(value: unknown): Iterable<Finding> {
  const mode = sslModeOf(fieldOf(value, 'url'));
  const tls = fieldOf(value, 'tls');
  if (mode === undefined || tls === undefined || (mode === 'disable') === (tls === false)) return;
  yield { path: ['tls'], message: `contradicts url, which holds sslmode=${mode}; give it in one place` };
}

/** Returns the `sslmode` of a URL; undefined if there is none, or no such mode. */
export function sslModeOf(url: unknown): SslMode | undefined {
  const mode = typeof url === 'string' ? URL.parse(url)?.searchParams.get('sslmode') : undefined;
  return sslModes.find((known) => known === mode);
}

function isDatabaseUrl(text: string): boolean {
  if (text === noDatabase) return true;
  const url = URL.parse(text);
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol) || url.hostname === '') return false;
  return (
    url.hash === '' && /^\/[^/]+$/.test(url.pathname) && [url.username, url.password, url.pathname].every(isDecodable)
  );
}

function hasKnownParameters(text: string): boolean {
  const names = [...(URL.parse(text)?.searchParams.keys() ?? [])];
  return names.length === 0 || (names.length === 1 && sslModeOf(text) !== undefined);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
