import type { z } from 'zod';
import { across, fieldOf, type Finding, itemsOf, textField } from './across.ts';
import { nearest } from './did-you-mean.ts';
import { identifier, section } from '@sluice/setting-types';
import { circuit, findEndlessWait, limits, retry, timeouts } from './flow.ts';
import { keys } from './keys.ts';
import { models } from './models.ts';
import { log, queue, server, worker } from './processes.ts';
import { redis } from './redis.ts';
import { upstreams } from './upstreams.ts';

/**
 * Every setting of the file, with its type, default and meaning. The editor's schema and the docs are generated from
 * this; `config.ts` is what becomes of it.
 */
export const settings = across(
  section({
    server: server.prefault({}).describe('The ingress, which clients call.'),
    worker: worker.prefault({}).describe('The worker, which calls upstreams.'),
    redis: redis.prefault({}).describe('Where Redis is: one of `url`, `cluster` and `sentinel`.'),
    queue: queue.prefault({}).describe('The jobs between ingress and worker.'),
    keys: keys.default([]).describe('Client keys.'),
    upstreams: upstreams
      .default([])
      .describe('Accounts at providers. Without any the simulator stands in for one and serves `demo` and `demo-*`.'),
    models: models.default([]).describe('What clients see.'),
    limits: limits.prefault({}).describe('What all replicas together may do.'),
    retry: retry.prefault({}).describe('How often and how patiently a request is tried.'),
    timeouts: timeouts.prefault({}).describe('How long things may take.'),
    circuit: circuit.prefault({}).describe('When a target is left alone for a while.'),
    log: log.prefault({}).describe('What is logged.'),
  }),
  findMismatches,
);

/** The file's settings with their defaults, before the environment has had its say. */
export type Settings = z.output<typeof settings>;

const anyId = identifier();

function* findMismatches(value: unknown): Iterable<Finding> {
  yield* findEndlessWait(value);
  const upstreamItems = itemsOf(fieldOf(value, 'upstreams'));
  const modelItems = itemsOf(fieldOf(value, 'models'));
  if (upstreamItems.length === 0) {
    if (modelItems.length > 0)
      yield { path: ['models'], message: 'name targets, but there are no upstreams; add them' };
    return;
  }
  if (modelItems.length === 0) {
    yield { path: ['models'], message: 'are missing, so that no upstream is ever used; add at least one' };
  }
  const ids = upstreamItems.flatMap(([, item]) => textField('id')(item) ?? []);
  // Text that is not an id may be a secret that went astray: it is not repeated.
  const shown = ids.filter((id) => anyId.safeParse(id).success);
  for (const [at, model] of modelItems) {
    for (const [targetAt, target] of itemsOf(fieldOf(model, 'targets'))) {
      const id = textField('upstream')(target);
      if (id === undefined || id === '' || ids.includes(id)) continue;
      const meant = nearest(id, shown);
      yield {
        path: ['models', at, 'targets', targetAt, 'upstream'],
        message: `must be the id of an upstream; ${meant === undefined ? `there are ${shown.join(', ')}` : `did you mean ${meant}?`}`,
      };
    }
  }
}
