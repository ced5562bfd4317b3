import { describe, expect, it } from 'vitest';
import { createKeys } from '../src/index.ts';

const keys = createKeys('sluice');
const tagOf = (key: string): string | undefined => /\{([^}]*)\}/.exec(key)?.[1];

describe('the names of keys', () => {
  it('share a hash tag if one script touches them, so that a cluster keeps them on one node', () => {
    const admission = [
      keys.leases,
      keys.room,
      keys.vouched,
      keys.waiters,
      keys.turns,
      keys.crowd,
      keys.admissionMailbox('i-1'),
      keys.keyLeases('k1'),
      keys.requestRate('k1'),
      keys.tokenRate('k1'),
      keys.openEntries,
      keys.ledger,
      keys.admissionPrefix,
      keys.spend('k:k1'),
    ];
    expect(new Set(admission.map(tagOf))).toEqual(new Set(['adm']));
    expect(tagOf(keys.queuePrefix(3))).toBe('q3');
    expect(tagOf(keys.request(3, 'r1'))).toBe('q3');
    expect(tagOf(keys.body(3, 'r1'))).toBe('q3');
    const { registryState, registryRevisions, registryRecords, registryTombstones, registryChanges } = keys;
    const registry = [registryState, registryRevisions, registryRecords, registryTombstones, registryChanges];
    expect(new Set(registry.map(tagOf))).toEqual(new Set(['keys']));
    expect(tagOf(keys.cooldowns('openai'))).toBe(tagOf(keys.circuit('openai', 'gpt')));
  });

  it('spread mailboxes, queue shards and upstreams over a cluster', () => {
    expect(tagOf(keys.mailbox('i-1'))).not.toBe(tagOf(keys.mailbox('i-2')));
    expect(tagOf(keys.queuePrefix(0))).not.toBe(tagOf(keys.queuePrefix(1)));
    expect(tagOf(keys.cooldowns('a'))).not.toBe(tagOf(keys.cooldowns('b')));
    expect(new Set([keys.attempts, keys.logs, keys.bodies].map(tagOf)).size).toBe(3);
  });

  it('all start with the prefix, so that two fleets can share a Redis', () => {
    const names = Object.values(keys).map((key: string | ((...args: never[]) => string)) =>
      typeof key === 'string' ? key : (key as (...args: unknown[]) => string)(1, 'x'),
    );
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !name.startsWith('sluice:'))).toEqual([]);
  });
});
