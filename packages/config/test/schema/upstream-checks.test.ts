import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/schema/across.ts';
import { isBaseUrl } from '../../src/schema/base-url.ts';
import { findHeaderFaults } from '../../src/schema/extra-headers.ts';
import { findOptionFaults, isProviderType, providerOptions } from '../../src/schema/provider-options.ts';
import { settingSections } from '../../src/docs/setting-rows.ts';
import { findHalfCertificate } from '../../src/schema/tls-files.ts';
import { findCredentialFaults, findTokenFaults } from '../../src/schema/token-credentials.ts';
import { findExampleSecrets } from '../../src/schema/upstream-secrets.ts';

const told = (findings: Iterable<Finding>): string[] =>
  [...findings].map(({ path, message }) => `${path.join('.')}: ${message}`);

/** Values that an operator may write in place of an upstream. */
const garbage: readonly [unknown][] = [
  [undefined],
  [null],
  ['text'],
  [[]],
  [{}],
  [{ type: 'openai' }],
  [{ type: 5, headers: 5, options: 5 }],
];

describe.each(Object.entries({ findHeaderFaults, findOptionFaults, findTokenFaults, findExampleSecrets }))(
  '%s',
  (_name, find) => {
    it.each(garbage)('finds nothing in %j, which has problems of its own', (value) => {
      expect(told(find(value))).toEqual([]);
    });
  },
);

describe('isBaseUrl', () => {
  it.each(['http://h', 'https://h:8443/v1/', 'http://[::1]:1/a'])('is true for %s', (text) => {
    expect(isBaseUrl(text)).toBe(true);
  });

  it.each(['', 'h/v1', 'ws://h', 'http://u@h', 'http://:p@h', 'http://h?a', 'http://h/#', 'http://h?'])(
    'is false for %s',
    (text) => {
      expect(isBaseUrl(text)).toBe(false);
    },
  );
});

describe('the options of providers', () => {
  it('are documented once each, with the types that have them', () => {
    const rows = settingSections()
      .flatMap(({ rows }) => rows)
      .filter(({ path }) => /^upstreams\[\]\.options\.[a-z_]+$/.test(path));
    expect(rows.map(({ path }) => path.split('.')[2])).toEqual(Object.keys(providerOptions.shape));
    expect(rows.filter(({ meaning }) => !/^For [a-z-]+(?:, [a-z-]+)*: /.test(meaning))).toEqual([]);
    expect(rows.find(({ path }) => path.endsWith('.api_version'))?.meaning).toMatch(/^For azure: /);
  });

  it('are refused at a type that lacks them, with the options that it has', () => {
    expect(told(findOptionFaults({ type: 'azure', options: { chat_path: '/x' } }))).toEqual([
      expect.stringMatching(/^options\.chat_path: is not an option here; azure upstreams have .*api_version/),
    ]);
  });

  it('leave names that no type has to the schema of the mapping', () => {
    expect(told(findOptionFaults({ type: 'azure', options: { colour: 'red' } }))).toEqual([]);
  });

  it('know a type by its own name only', () => {
    expect(isProviderType('openai')).toBe(true);
    for (const type of ['OpenAI', 'toString', '', undefined, 5]) expect(isProviderType(type)).toBe(false);
  });
});

describe('example secrets', () => {
  it('are found in headers, and in options that have the name of a secret', () => {
    const headers = { 'x-account': 'CHANGE-ME' };
    const options = { oauth_client_secret: 'your-token', headers: { 'x-other': 'CHANGE-ME' }, chat_path: 'CHANGE-ME' };
    expect(told(findExampleSecrets({ headers, options })).map((text) => text.split(':')[0])).toEqual([
      'headers.x-account',
      'options.oauth_client_secret',
      'options.headers.x-other',
    ]);
  });
});

describe('a credential', () => {
  it.each([
    [{ id: 'a', api_key: 'k' }, []],
    [{ id: 'a', anonymous: true }, []],
    [{ id: 'a' }, ['api_key: is missing; set api_key, anonymous: true or oauth_file']],
    [{ api_key: 'k', anonymous: true, oauth_file: 'f' }, ['anonymous: contradicts api_key; give only one of them']],
    [[], []],
    ['text', []],
  ])('%j has the problems %j', (credential, problems) => {
    expect(told(findCredentialFaults(credential))).toEqual(problems);
  });
});

describe('the files of a certificate', () => {
  it.each([
    [{ cert: 'c', key: 'k' }, []],
    [{ ca: 'a' }, []],
    [{ cert: 'c' }, ['key: is missing; it must be the path of a PEM file, since cert is set']],
    [{ key: 'k', ca: 'a' }, ['cert: is missing; it must be the path of a PEM file, since key is set']],
  ])('%j have the problems %j', (files, problems) => {
    expect(told(findHalfCertificate(files))).toEqual(problems);
  });
});
