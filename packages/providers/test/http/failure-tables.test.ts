import type { UpstreamFailure } from '@sluice/protocol';
import { type ProviderAdapter, providers, type ProviderType } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';
import { rows } from './rows.ts';

const adapters: Readonly<Record<keyof typeof rows, ProviderAdapter>> = {
  openai: providers.openai.create({}),
  azure: providers.azure.create({}),
  anthropic: providers.anthropic.create({}),
  gemini: providers.gemini.create({}),
  bailian: providers.bailian.create({}),
  coze: providers.coze.create({}),
  iflow: providers.iflow.create({}),
  ollama: providers.ollama.create({}),
  zai: providers.zai.create({}),
  'zai-web': providers['zai-web'].create({ signing_variant: 'none' }),
};

const types = Object.keys(rows) as (keyof typeof rows)[];
const all = types.flatMap((type) =>
  rows[type].map(([status, body, kind, more = {}]) => ({ type, status, body, kind, more })),
);
const textOf = (body: object | string): string => (typeof body === 'string' ? body : JSON.stringify(body));

function failureOf(type: keyof typeof rows, status: number, body: object | string): UpstreamFailure {
  if (status !== 200) return adapters[type].toFailure({ status, headers: {}, receivedAt: 0 }, textOf(body));
  const whole = adapters[type].translateWhole(textOf(body), {}, plan());
  if (whole.kind !== 'failed') throw new Error('the answer is not a failure');
  return whole.failure;
}

describe('the tables of failures', () => {
  it('have rows for every type of provider', () => {
    expect(all.length).toBeGreaterThanOrEqual(150);
    expect([...types].sort()).toEqual((Object.keys(providers) as ProviderType[]).sort());
  });

  it.each(all)('$type, status $status, $body: $kind', ({ type, status, body, kind, more }) => {
    const failure = failureOf(type, status, body);
    const told = Object.fromEntries(Object.keys(more).map((name) => [name, Reflect.get(failure, name)]));
    expect({ kind: failure.kind, ...told }).toEqual({ kind, ...more });
  });

  it.each(all)('$type, status $status, $body: has a bounded message without markup', ({ type, status, body }) => {
    const { message } = failureOf(type, status, body);
    expect(message).not.toMatch(/<\/?(?:html|head|title|body|h1|center)\b/i);
    expect(message.length).toBeGreaterThan(0);
    expect(message.length).toBeLessThanOrEqual(1000);
  });
});
