import { describe, expect, it } from 'vitest';
import { createForbiddenCredentials } from '../../src/credentials/forbidden-credentials.ts';

const credential = { upstreamId: 'u', credentialId: 'a' };
const request = (requestId: string, tenant: string) => ({ requestId, tenant });

describe('refusals of a credential with 403', () => {
  it('are its own fault after three requests of two clients', () => {
    const counts = createForbiddenCredentials();
    expect(counts.refused(credential, request('1', 'x'))).toBe(false);
    expect(counts.refused(credential, request('2', 'x'))).toBe(false);
    expect(counts.refused(credential, request('3', 'y'))).toBe(true);
  });

  it('do not count against it while one client alone meets them', () => {
    const counts = createForbiddenCredentials();
    const verdicts = ['1', '2', '3', '4', '5'].map((id) => counts.refused(credential, request(id, 'x')));
    expect(verdicts).toEqual([false, false, false, false, false]);
    expect(counts.refused(credential, request('6', 'y'))).toBe(true);
  });

  it('count once for a request that is tried again', () => {
    const counts = createForbiddenCredentials();
    counts.refused(credential, request('1', 'x'));
    counts.refused(credential, request('2', 'y'));
    expect(counts.refused(credential, request('2', 'y'))).toBe(false);
  });

  it('begin anew after a request that the credential served', () => {
    const counts = createForbiddenCredentials();
    counts.refused(credential, request('1', 'x'));
    counts.refused(credential, request('2', 'y'));
    counts.served(credential);
    expect(counts.refused(credential, request('3', 'x'))).toBe(false);
  });

  it('begin anew after they have cooled down the credential', () => {
    const counts = createForbiddenCredentials();
    for (const id of ['1', '2']) counts.refused(credential, request(id, 'x'));
    expect(counts.refused(credential, request('3', 'y'))).toBe(true);
    expect(counts.refused(credential, request('4', 'x'))).toBe(false);
  });

  it('are counted for each credential by itself', () => {
    const counts = createForbiddenCredentials();
    counts.refused(credential, request('1', 'x'));
    counts.refused(credential, request('2', 'y'));
    expect(counts.refused({ ...credential, credentialId: 'b' }, request('3', 'x'))).toBe(false);
  });
});
