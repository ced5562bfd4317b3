import type { z } from 'zod';
import { across, fieldOf, type Finding, itemsOf, textField } from './across.ts';
import { nearest } from './did-you-mean.ts';
import { identifier, section } from '@sluice/setting-types';
import { database } from './database.ts';
import { circuit, findEndlessWait, limits, retry, timeouts } from './flow.ts';
import { auth } from './auth.ts';
import { keys } from './keys.ts';
import { models } from './models.ts';
import { prices } from './prices.ts';
import { log, queue, server, worker } from './processes.ts';
import { records } from './records.ts';
import { redis } from './redis.ts';
import { teams } from './teams.ts';
import { upstreams } from './upstreams.ts';

/**
 * Every setting of the file, with its type, default and meaning. The editor's schema and the docs are generated from it;
 * the type of `Config` is derived from it.
 */
export const settings = across(
  section({
    server: server.prefault({}).describe('Settings of the ingress, which clients call.'),
    worker: worker.prefault({}).describe('Settings of the worker, which calls upstreams.'),
    redis: redis.prefault({}).describe('Location of Redis: one of `url`, `cluster` and `sentinel`.'),
    database: database.prefault({}).describe('Location of the database for the records.'),
    records: records.prefault({}).describe('Settings of the records that the database keeps.'),
    queue: queue.prefault({}).describe('Settings of the jobs between ingress and worker.'),
    keys: keys.default([]).describe('Client keys.'),
    teams: teams.default([]).describe('Teams: client keys that share models, limits and budgets.'),
    auth: auth.prefault({}).describe('Identities that count as client keys.'),
    upstreams: upstreams
      .default([])
      .describe(
        'Accounts at providers. Without an upstream, the simulator replaces one and serves `demo` and `demo-*`.',
      ),
    models: models.default([]).describe('Models that clients see.'),
    prices: prices.prefault({}).describe('Prices of models: see [prices](prices.md).'),
    limits: limits.prefault({}).describe('Limits of all replicas together.'),
    retry: retry.prefault({}).describe('Number of attempts of a request, and the waits between them.'),
    timeouts: timeouts.prefault({}).describe('Longest times of requests and attempts.'),
    circuit: circuit.prefault({}).describe('Conditions under which a target gets no requests for a while.'),
    log: log.prefault({}).describe('Settings of the log.'),
  }),
  findMismatches,
);

/** The settings of the file with their defaults, without those of the environment. */
export type Settings = z.output<typeof settings>;

const anyId = identifier();

function* findMismatches(value: unknown): Iterable<Finding> {
  yield* findEndlessWait(value);
  yield* findUnknownTeams(value);
  const upstreamItems = itemsOf(fieldOf(value, 'upstreams'));
  const modelItems = itemsOf(fieldOf(value, 'models'));
  if (upstreamItems.length === 0) {
    if (modelItems.length > 0)
      yield { path: ['models'], message: 'name targets, but there are no upstreams; add upstreams' };
    return;
  }
  if (modelItems.length === 0) {
    yield { path: ['models'], message: 'are missing, so that no upstream is used; add at least one model' };
  }
  const ids = upstreamItems.flatMap(([, item]) => textField('id')(item) ?? []);
  // Text that is not a valid id may be a misplaced secret, so messages do not repeat it.
  const shown = ids.filter((id) => anyId.safeParse(id).success);
  for (const [at, model] of modelItems) {
    for (const [targetAt, target] of itemsOf(fieldOf(model, 'targets'))) {
      const id = textField('upstream')(target);
      if (id === undefined || id === '' || ids.includes(id)) continue;
      const meant = nearest(id, shown);
      yield {
        path: ['models', at, 'targets', targetAt, 'upstream'],
        message: `must be the id of an upstream; ${meant === undefined ? `the ids are ${shown.join(', ')}` : `did you mean ${meant}?`}`,
      };
    }
  }
}

function* findUnknownTeams(value: unknown): Iterable<Finding> {
  const ids = itemsOf(fieldOf(value, 'teams')).flatMap(([, item]) => textField('id')(item) ?? []);
  for (const [at, key] of itemsOf(fieldOf(value, 'keys'))) {
    const id = textField('team')(key);
    if (id === undefined || id === '' || ids.includes(id)) continue;
    const meant = nearest(id, ids);
    const known = ids.length === 0 ? 'there are no teams' : `the ids are ${ids.join(', ')}`;
    yield {
      path: ['keys', at, 'team'],
      message: `must be the id of a team; ${meant === undefined ? known : `did you mean ${meant}?`}`,
    };
  }
}
