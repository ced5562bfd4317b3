import { expect, test } from 'vitest';
import { findAccount } from '../../src/postgres/place.ts';
import { parsePostgresBanner, parsePostgresVersion } from '../../src/postgres/version.ts';

test.each([
  ['postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', { major: 15, text: '15.18' }],
  ['postgres (PostgreSQL) 18beta1', { major: 18, text: '18beta1' }],
  ['postgres: no such thing', undefined],
  ['', undefined],
])('reads the banner %j', (banner, version) => {
  expect(parsePostgresBanner(banner)).toEqual(version);
});

test('reads the version that a server reports', () => {
  expect(parsePostgresVersion('16.4 (Ubuntu 16.4-1)')).toEqual({ major: 16, text: '16.4' });
  expect(parsePostgresVersion('unknown')).toBeUndefined();
});

const passwd = 'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/bin/sh\nlast:x:65534:65534::/:/usr/sbin/nologin\n';

test('finds the user that runs the server: that of PostgreSQL, then the one without rights, never root', () => {
  expect(findAccount(`${passwd}postgres:x:101:104::/:/bin/bash\n`)).toEqual({ uid: 101, gid: 104 });
  expect(findAccount(passwd)).toEqual({ uid: 65_534, gid: 65_534 });
  expect(findAccount('postgres:x:0:0::/:/bin/sh\n')).toBeUndefined();
});
