import { expect, test } from 'vitest';
import type { DatabaseFacts } from '../../src/doctor/database/ask-database.ts';
import { judgeDatabase } from '../../src/doctor/database/judge-database.ts';

const there = { kind: 'there', version: '15.18 (Debian 15.18-0)', isReplica: false, canCreate: true } as const;
const away = (code: string, reason: string): DatabaseFacts => ({ kind: 'away', code, reason });

test.each([
  [
    'a usable one',
    there,
    ['ok database.version: PostgreSQL 15.18 answers at db:5432.', 'ok database.rights: The user'],
  ],
  ['an old one', { ...there, version: '14.9' }, ['problem database.version: PostgreSQL 14.9', 'ok database.rights']],
  [
    'a replica',
    { ...there, isReplica: true },
    ['ok database.version', 'problem database.rights: This PostgreSQL is a'],
  ],
  [
    'a narrow user',
    { ...there, canCreate: false },
    ['ok database.version', 'problem database.rights: The user of the'],
  ],
  ['a wrong password', away('28P01', 'password failed'), ['problem database.login: PostgreSQL at db:5432 refuses the']],
  ['a missing database', away('3D000', 'it does not exist'), ['problem database.connect: There is no usable database']],
  ['none', away('ECONNREFUSED', 'connect ECONNREFUSED'), ['problem database.connect: There is no usable database']],
] as const)('judges %s', (_, facts, beginnings) => {
  const checks = judgeDatabase(facts, 'db:5432').map(({ level, id, text }) => `${level} ${id}: ${text}`);
  expect(checks).toEqual(beginnings.map((beginning) => expect.stringContaining(beginning)));
});
