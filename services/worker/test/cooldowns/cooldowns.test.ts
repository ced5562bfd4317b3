import type { CooldownEntry } from '@sluice/upstream-health';
import type { Config } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { cooldowns, usage, UsageError } from '../../src/cooldowns/cooldowns.ts';

const cooling: CooldownEntry = {
  credentialId: 'a',
  model: undefined,
  remainingMs: 3_599_000,
  isRefused: false,
  reason: 'rate_limit',
};

function setUp(entries: readonly CooldownEntry[], openModels: readonly string[] = []) {
  const done: string[] = [];
  const credentials = [{ id: 'a' }, { id: 'b' }] as unknown as Config['upstreams'][number]['credentials'];
  const config = {
    upstreams: [{ id: 'u', credentials }],
    models: [
      {
        targets: [
          { upstream: 'u', model: 'm' },
          { upstream: 'u', model: undefined },
        ],
      },
    ],
  } as unknown as Config;
  const health = {
    cooldowns: () => Promise.resolve([...entries]),
    circuit: ({ model }: { model: string }) =>
      Promise.resolve({ isOpen: openModels.includes(model), failures: 5, cause: 'server: out of order' }),
    closeCircuit: ({ model }: { model: string }) => {
      done.push(`close ${model}`);
      return Promise.resolve(openModels.includes(model));
    },
    lift(upstream: string, credential?: string) {
      done.push(`lift ${upstream} ${credential ?? '*'}`);
      return Promise.resolve(entries.length);
    },
  };
  return { done, run: (...args: string[]) => cooldowns({ config, health }, args) };
}

describe('npm run cooldowns', () => {
  it('lists cooldowns with their length and cause, and open circuits', async () => {
    const { run } = setUp(
      [cooling, { ...cooling, credentialId: 'b', model: 'm', remainingMs: 900, isRefused: true }],
      ['m'],
    );
    expect(await run()).toEqual([
      'credential  u/a  all models  in cooldown for 60 min (rate_limit)',
      'credential  u/b  model m  in cooldown for 1 s (rate_limit, refused by the provider)',
      'circuit     u/m  open after 5 failed requests (server: out of order)',
    ]);
  });

  it('prints one line when there is nothing to list', async () => {
    expect(await setUp([]).run()).toEqual(['No credential is in cooldown and no circuit is open.']);
  });

  it('lifts all of an upstream, its circuits included, or one credential', async () => {
    const all = setUp([cooling], ['m']);
    expect(await all.run('lift', 'u')).toEqual(['Lifted 1 cooldowns and closed 1 circuits of u.']);
    expect(all.done).toEqual(['lift u *', 'close m']);
    const one = setUp([cooling], ['m']);
    await one.run('lift', 'u', 'a');
    expect(one.done).toEqual(['lift u a']);
  });

  it.each([
    [['lift'], usage],
    [['drop', 'u'], usage],
    [['lift', 'u', 'a', 'm'], usage],
    [['lift', 'x'], 'There is no upstream "x". There are: u.'],
    [['lift', 'u', 'x'], 'The upstream "u" has no credential "x". It has: a, b.'],
  ])('refuses %j and names the valid choices', async (args, message) => {
    const { run, done } = setUp([cooling]);
    await expect(run(...args)).rejects.toThrow(new UsageError(message));
    expect(done).toEqual([]);
  });
});
