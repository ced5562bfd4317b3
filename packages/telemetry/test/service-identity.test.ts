import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { serviceIdentity } from '../src/service-identity.ts';

describe('serviceIdentity', () => {
  it.each([
    ['/app/services/worker/dist/main.js', 'sluice-worker'],
    ['C:\\app\\services\\ingress\\dist\\main.js', 'sluice-ingress'],
    ['/srv/worker/services/ingress/src/main.ts', 'sluice-ingress'],
    ['/app/main.js', 'sluice'],
    [undefined, 'sluice'],
  ])('takes the name from the path of the main script: %s', (mainPath, name) => {
    expect(serviceIdentity({ env: {}, mainPath }).name).toBe(name);
  });

  it('prefers SLUICE_SERVICE, unless it is empty', () => {
    const mainPath = '/app/services/worker/dist/main.js';
    expect(serviceIdentity({ env: { SLUICE_SERVICE: 'mine' }, mainPath }).name).toBe('mine');
    expect(serviceIdentity({ env: { SLUICE_SERVICE: ' ' }, mainPath }).name).toBe('sluice-worker');
  });

  it('takes the version from the package above the main script, if there is one', () => {
    const mainPath = fileURLToPath(new URL('child/worker/main.ts', import.meta.url));
    expect(serviceIdentity({ env: {}, mainPath }).version).toMatch(/^\d+\.\d+\.\d+/);
    expect(serviceIdentity({ env: {}, mainPath: '/nowhere/at/all/main.js' }).version).toBeUndefined();
    expect(serviceIdentity({ env: {}, mainPath: undefined }).version).toBeUndefined();
  });
});
