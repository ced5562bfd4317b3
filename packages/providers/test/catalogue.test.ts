import { providers } from '@sluice/providers';
import { catalogue, type ProviderType } from '@sluice/providers/catalogue';
import { describe, expect, it } from 'vitest';

const types = Object.keys(catalogue) as ProviderType[];
/** Options without which a type has no adapter. */
const least: Partial<Record<ProviderType, object>> = { 'zai-web': { signing_variant: 'none' } };

describe('the catalogue', () => {
  it('has an entry for each adapter', () => {
    expect(Object.keys(providers)).toEqual(types);
  });

  it.each(types)('says of %s what its adapter says', (type) => {
    const { accessTokens, options, defaultBaseUrl, notice } = catalogue[type];
    const provider = providers[type];
    expect(provider.options).toBe(options);
    expect([provider.defaultBaseUrl, provider.notice]).toEqual([defaultBaseUrl, notice]);
    const tokensOf = (more: object) => providers[type].create({ ...least[type], ...more }).tokens;
    if (accessTokens?.enabledBy !== undefined) expect(tokensOf({ [accessTokens.enabledBy]: false })).toBeUndefined();
    const source = tokensOf(accessTokens?.enabledBy === undefined ? {} : { [accessTokens.enabledBy]: true });
    expect(source === undefined).toBe(accessTokens === undefined);
    expect(source?.readLogin !== undefined).toBe(accessTokens?.kind === 'login');
    expect(providers[type].login !== undefined).toBe(catalogue[type].login !== undefined);
  });

  it.each(types)('names only options of %s that there are', (type) => {
    const { accessTokens, options } = catalogue[type];
    const named = [accessTokens?.enabledBy ?? [], accessTokens?.requiredOptions ?? []].flat();
    expect(Object.keys(options.shape)).toEqual(expect.arrayContaining(named));
  });
});
