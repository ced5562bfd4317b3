import { readFileSync } from 'node:fs';
import { classify, toClientError, type Verdict } from '@sluice/policy';
import type { FailureKind } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

/** Remedies as docs/errors.md words them. */
const remedies: Record<Verdict['remedy'], string> = {
  retry: 'another target, then this one after a wait',
  next_credential: 'another credential; cooldown of this one',
  doubt_credential: 'one other credential, then another target',
  other_credential: 'another credential; no cooldown',
  next_target: 'another target',
  give_up: 'the end',
};

/** Lists every kind; the compiler rejects a missing one. */
const kinds: Record<FailureKind, true> = {
  network: true,
  certificate: true,
  timeout: true,
  server: true,
  busy: true,
  rate_limit: true,
  quota: true,
  authentication: true,
  permission: true,
  not_found: true,
  context_length: true,
  content_policy: true,
  invalid_request: true,
  unsupported: true,
  truncated: true,
  malformed: true,
  diverged: true,
  unexpected: true,
};

describe('docs/errors.md', () => {
  it('lists the remedy and the client error of every failure kind', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` +\| [^|]+? +\| ([^|`]+?) +\| `(\w+)` +\|$/gm)];
    expect(rows).toHaveLength(Object.keys(kinds).length);
    const documented = Object.fromEntries(rows.map(([, kind, remedy, code]) => [kind, [remedy, code]]));
    const coded = (Object.keys(kinds) as FailureKind[]).map((kind) => {
      const failure = { kind, message: '' };
      return [kind, [remedies[classify(failure).remedy], toClientError(failure).code]];
    });
    expect(documented).toEqual(Object.fromEntries(coded));
  });
});
