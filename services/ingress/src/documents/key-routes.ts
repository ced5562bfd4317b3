import type { ErrorCode } from '@sluice/protocol';
import { z } from 'zod';
import { keyChangeBody, newKeyBody, newTeamBody, rotateBody, teamChangeBody } from '../keys/key-bodies.ts';
import { key, keyList, madeKey, removed, team, teamList } from './key-schemas.ts';
import type { ParameterDescription, RouteDescription } from './route-description.ts';

const idOf = (what: string): ParameterDescription => ({
  name: 'id',
  in: 'path',
  description: `Id of the ${what}.`,
  schema: z.string(),
});
const paging: readonly ParameterDescription[] = [
  {
    name: 'limit',
    in: 'query',
    description: 'Entries of a page, 20 by default.',
    schema: z.number().int().min(1).max(100),
  },
  { name: 'after', in: 'query', description: '`next_after` of the page before.', schema: z.string() },
];

const shared = { tag: 'keys', access: 'admin' } as const;
const reading: readonly ErrorCode[] = [
  'invalid_api_key',
  'admin_key_required',
  'rate_limit_exceeded',
  'records_unavailable',
  'internal_error',
];
const writing: readonly ErrorCode[] = [
  ...reading,
  'invalid_json',
  'invalid_request',
  'invalid_value',
  'request_too_large',
];
const changing: readonly ErrorCode[] = [...writing, 'key_read_only', 'key_conflict'];

const exampleKey = {
  object: 'key',
  id: 'key_3f0c9a1b2c4d5e6f',
  name: 'batch',
  source: 'database',
  status: 'active',
  hints: ['sk-a…z9Q1'],
  admin: false,
  models: ['*'],
  team: null,
  owner: 'Ada',
  tags: [],
  limits: { rpm: 60 },
  budgets: { month_usd: { limit: 50, spent: 1.25, remaining: 48.75 } },
  binding: {
    concurrency: { of: 'fleet', id: null, limit: 500 },
    rpm: { of: 'key', id: 'key_3f0c9a1b2c4d5e6f', limit: 60 },
    month_usd: { of: 'key', id: 'key_3f0c9a1b2c4d5e6f', limit: 50, spent: 1.25, remaining: 48.75 },
  },
  weight: 1,
  allowed_addresses: [],
  log_bodies: false,
  created_at: 1_780_000_000,
  expires_at: null,
  revoked_at: null,
};
const exampleTeam = {
  object: 'team',
  id: 'research',
  name: 'Research',
  source: 'database',
  models: ['*'],
  limits: { rpm: 600 },
  budgets: {},
  created_at: 1_780_000_000,
};
const page = (data: object) => ({ list: { object: 'list', data: [data], has_more: false, next_after: null } });

/** The routes of client keys and teams. */
export const keyRouteDescriptions: readonly RouteDescription[] = [
  {
    ...shared,
    method: 'get',
    path: '/v1/auth/keys',
    id: 'listKeys',
    summary: 'Lists client keys',
    description:
      'Those of the file come first, on the first page and in addition to `limit`; then those of the database, newest first.',
    parameters: [...paging, { name: 'team', in: 'query', description: 'Only keys of this team.', schema: z.string() }],
    answers: { 200: { description: 'A page of keys.', json: keyList, examples: page(exampleKey) } },
    errors: [...reading, 'invalid_value'],
  },
  {
    ...shared,
    method: 'post',
    path: '/v1/auth/keys',
    id: 'createKey',
    summary: 'Creates a client key',
    description: 'The answer is the only one that has the secret.',
    body: {
      json: { name: 'NewClientKey', schema: newKeyBody },
      examples: { key: { name: 'batch', owner: 'Ada', limits: { rpm: 60 }, budgets: { month_usd: 50 } } },
    },
    answers: { 201: { description: 'The key.', json: madeKey, examples: { key: { ...exampleKey, key: 'sk-…' } } } },
    errors: writing,
  },
  {
    ...shared,
    method: 'get',
    path: '/v1/auth/keys/{id}',
    id: 'getKey',
    summary: 'Shows a client key',
    parameters: [idOf('key')],
    answers: { 200: { description: 'The key.', json: key, examples: { key: exampleKey } } },
    errors: [...reading, 'key_not_found'],
  },
  {
    ...shared,
    method: 'patch',
    path: '/v1/auth/keys/{id}',
    id: 'changeKey',
    summary: 'Changes a client key',
    description:
      'Absent fields stay; `null` removes `team`, `owner` and `expires_at`. `limits` and `budgets` are replaced as a whole.',
    parameters: [idOf('key')],
    body: { json: { name: 'ClientKeyChange', schema: keyChangeBody }, examples: { change: { models: ['gpt-*'] } } },
    answers: { 200: { description: 'The key.', json: key, examples: { key: exampleKey } } },
    errors: [...changing, 'key_not_found'],
  },
  {
    ...shared,
    method: 'delete',
    path: '/v1/auth/keys/{id}',
    id: 'revokeKey',
    summary: 'Revokes a client key for ever',
    parameters: [
      idOf('key'),
      {
        name: 'end_streams',
        in: 'query',
        description: '`true`: its running requests end with `key_revoked`.',
        schema: z.enum(['true', 'false']),
      },
    ],
    answers: {
      200: { description: 'The revoked key.', json: key, examples: { key: { ...exampleKey, status: 'revoked' } } },
    },
    errors: [...reading, 'invalid_value', 'key_read_only', 'key_not_found'],
  },
  {
    ...shared,
    method: 'post',
    path: '/v1/auth/keys/{id}/rotate',
    id: 'rotateKey',
    summary: 'Gives a client key another secret',
    description:
      'The secrets before stay valid for `overlap_seconds`. Limits, budgets and records of the key continue.',
    parameters: [idOf('key')],
    body: { json: { name: 'KeyRotation', schema: rotateBody }, examples: { rotation: { overlap_seconds: 3600 } } },
    answers: {
      200: {
        description: 'The key with its new secret.',
        json: madeKey,
        examples: { key: { ...exampleKey, key: 'sk-…' } },
      },
    },
    errors: [...changing, 'key_not_found'],
  },
  {
    ...shared,
    method: 'get',
    path: '/v1/auth/teams',
    id: 'listTeams',
    summary: 'Lists teams',
    parameters: paging,
    answers: { 200: { description: 'A page of teams.', json: teamList, examples: page(exampleTeam) } },
    errors: [...reading, 'invalid_value'],
  },
  {
    ...shared,
    method: 'post',
    path: '/v1/auth/teams',
    id: 'createTeam',
    summary: 'Creates a team',
    body: {
      json: { name: 'NewTeam', schema: newTeamBody },
      examples: { team: { id: 'research', limits: { rpm: 600 } } },
    },
    answers: { 201: { description: 'The team.', json: team, examples: { team: exampleTeam } } },
    errors: [...writing, 'key_conflict'],
  },
  {
    ...shared,
    method: 'get',
    path: '/v1/auth/teams/{id}',
    id: 'getTeam',
    summary: 'Shows a team',
    parameters: [idOf('team')],
    answers: { 200: { description: 'The team.', json: team, examples: { team: exampleTeam } } },
    errors: [...reading, 'team_not_found'],
  },
  {
    ...shared,
    method: 'patch',
    path: '/v1/auth/teams/{id}',
    id: 'changeTeam',
    summary: 'Changes a team',
    parameters: [idOf('team')],
    body: { json: { name: 'TeamChange', schema: teamChangeBody }, examples: { change: { limits: { rpm: 900 } } } },
    answers: { 200: { description: 'The team.', json: team, examples: { team: exampleTeam } } },
    errors: [...writing, 'key_read_only', 'team_not_found'],
  },
  {
    ...shared,
    method: 'delete',
    path: '/v1/auth/teams/{id}',
    id: 'removeTeam',
    summary: 'Removes a team without keys',
    parameters: [idOf('team')],
    answers: {
      200: {
        description: 'It is removed.',
        json: removed,
        examples: { team: { object: 'team', id: 'research', deleted: true } },
      },
    },
    errors: [...reading, 'key_read_only', 'key_conflict', 'team_not_found'],
  },
];
