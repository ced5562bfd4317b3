import { type PreparationStep, type ProviderToken, providers, type StepAnswer } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';

const options = { oauth_client_id: 'id', oauth_client_secret: 'client-secret', oauth_base_url: 'http://login/x/' };
const source = providers.iflow.create(options).tokens;
if (source?.readLogin === undefined) throw new Error('iflow must support logins');
const { readLogin } = source;
const { login } = providers.iflow;
if (login === undefined) throw new Error('iflow must have a login');

const before: ProviderToken = { value: 'sk-old', expiresAtMs: 5, renewal: 'rt/1' };
const plan = { baseUrl: 'http://api', nowMs: 1000, newId: () => 'id', keep: () => undefined };

const answer = (content: unknown, status = 200): StepAnswer => ({
  head: { status, headers: {}, receivedAt: 0 },
  text: typeof content === 'string' ? content : JSON.stringify(content),
});
const granted = answer({ access_token: 'at/2', refresh_token: 'rt-2', token_type: 'bearer', expires_in: 172_800 });
const known = answer({ success: true, data: { apiKey: 'sk-new', email: '', phone: '138****0000' } });
const crowd = answer({ success: false, code: '500', message: 'too many people', data: null });

/** Runs the steps with these answers, one for each call. */
function play<Result>(steps: Generator<PreparationStep, Result, StepAnswer>, answers: readonly StepAnswer[]) {
  const taken: PreparationStep[] = [];
  const left = [...answers];
  let next = steps.next();
  while (next.done !== true) {
    taken.push(next.value);
    const given = next.value.kind === 'wait' ? answer('') : left.shift();
    if (given === undefined) throw new Error('more calls than expected');
    next = steps.next(given);
  }
  const calls = taken.flatMap((step) => (step.kind === 'call' ? [step.request] : []));
  return { result: next.value, calls, taken };
}

it('reports the secrets of its client, also in the form of a header', () => {
  expect(source.secrets).toEqual(['client-secret', Buffer.from('id:client-secret').toString('base64')]);
});

describe('a renewal', verifies('004-06'), () => {
  it('requests a grant and then the key', () => {
    const { result, calls } = play(source.obtain(before, plan), [granted, known]);
    expect(result).toEqual({
      kind: 'token',
      token: { value: 'sk-new', expiresAtMs: 1000 + 172_800_000, renewal: 'rt-2' },
    });
    const [grant, info] = calls;
    expect(grant).toMatchObject({ method: 'POST', url: 'http://login/x/oauth/token' });
    expect(grant?.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from('id:client-secret').toString('base64')}`,
    });
    expect(grant?.body).toBe('grant_type=refresh_token&refresh_token=rt%2F1&client_id=id&client_secret=client-secret');
    expect(info).toMatchObject({ method: 'GET', url: 'http://login/x/api/oauth/getUserInfo?accessToken=at%2F2' });
  });

  it('keeps the old refresh token if there is no new one, and assumes a lifetime of an hour', () => {
    const { result } = play(source.obtain(before, plan), [answer({ access_token: 'at' }), known]);
    expect(result).toMatchObject({ token: { renewal: 'rt/1', expiresAtMs: 1000 + 3_600_000 } });
  });

  it('is retried when iFlow refuses with status 200', () => {
    const { result, taken } = play(source.obtain(before, plan), [crowd, granted, known]);
    expect(result).toMatchObject({ kind: 'token' });
    expect(taken[1]).toEqual({ kind: 'wait', ms: 1000 });
  });

  it('is not retried forever: a person must then log in again', () => {
    const { result, calls } = play(source.obtain(before, plan), [crowd, crowd, crowd]);
    expect(calls).toHaveLength(3);
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'authentication' } });
    expect(JSON.stringify(result)).toContain('npm run login -- iflow');
  });

  it.each<[string, number, string, number]>([
    ['a refusal', 401, 'authentication', 1],
    ['a wrong grant', 400, 'authentication', 1],
    ['a server that fails', 502, 'server', 3],
    ['a limit', 429, 'server', 3],
  ])('classifies %s', (_what, status, kind, count) => {
    const { result, calls } = play(source.obtain(before, plan), Array(3).fill(answer('no', status)));
    expect(calls).toHaveLength(count);
    expect(result).toMatchObject({ kind: 'failed', failure: { kind, status } });
  });

  it('keeps the new refresh token if the key can not be fetched, and does not reveal it', () => {
    const nothing = answer({ success: true, data: { echo: 'at/2' } });
    const kept: string[] = [];
    const steps = source.obtain(before, { ...plan, keep: (renewal) => kept.push(renewal) });
    const { result } = play(steps, [granted, nothing, nothing, nothing]);
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'server' } });
    expect(kept).toEqual(['rt-2']);
    expect(JSON.stringify(result)).not.toMatch(/at.2/);
  });

  it('requires a login', () => {
    const { result, calls } = play(source.obtain(undefined, plan), []);
    expect(calls).toEqual([]);
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'authentication' } });
  });
});

describe('the file of a login', verifies('004-15', '004-16'), () => {
  const at = 1_760_172_800_000;

  it.each<[string, object, ProviderToken | undefined]>([
    [
      'of iFlow',
      { access_token: 'at', refresh_token: 'rt', expiry_date: at, token_type: 'bearer', scope: 'read', apiKey: 'sk' },
      { value: 'sk', expiresAtMs: at, renewal: 'rt' },
    ],
    ['with digits', { apiKey: 'sk', expiry_date: String(at) }, { value: 'sk', expiresAtMs: at, renewal: undefined }],
    [
      'with an ISO date',
      { apiKey: 'sk', expiry_date: '2025-10-11T08:53:20Z' },
      { value: 'sk', expiresAtMs: at, renewal: undefined },
    ],
    [
      'with a date without zone',
      { apiKey: 'sk', expiry_date: '2025-10-11 08:53' },
      { value: 'sk', expiresAtMs: new Date(2025, 9, 11, 8, 53).getTime(), renewal: undefined },
    ],
    [
      'of settings',
      { apiKey: 'sk', baseUrl: 'https://x' },
      { value: 'sk', expiresAtMs: undefined, renewal: undefined },
    ],
    ['of settings in snake case', { api_key: 'sk' }, { value: 'sk', expiresAtMs: undefined, renewal: undefined }],
    [
      'of another gateway',
      { api_key: 'sk', refresh_token: 'rt', expired: '2025-10-11T16:53:20+08:00', type: 'iflow', email: 'e' },
      { value: 'sk', expiresAtMs: at, renewal: 'rt' },
    ],
    ['without a key yet', { refresh_token: 'rt', expiry_date: at }, { value: '', expiresAtMs: 0, renewal: 'rt' }],
    ['without content', { access_token: 'at' }, undefined],
  ])('%s', (_what, file, token) => {
    expect(readLogin(JSON.stringify(file))).toEqual(token);
  });

  it('is refused if it is not JSON', () => {
    expect(readLogin('sk-1')).toBeUndefined();
  });
});

describe('a login', verifies('004-05', '004-18'), () => {
  const client = {
    id: 'id',
    secret: 's',
    baseUrl: 'https://iflow.cn',
    redirectUri: 'http://localhost:8087/oauth2callback',
  };

  it('starts in the browser', () => {
    expect(login.authorizeUrl(client, 'st/1')).toBe(
      'https://iflow.cn/oauth?loginMethod=phone&type=phone&redirect=http%3A%2F%2Flocalhost%3A8087%2Foauth2callback&state=st%2F1&client_id=id',
    );
    expect(login.callback).toEqual({ port: 8087, path: '/oauth2callback' });
  });

  it('ends with a readable file', () => {
    const { result, calls } = play(login.exchange('code', client, 1000), [granted, known]);
    if (result.kind !== 'done') throw new Error('it failed');
    expect(calls[0]?.body).toContain('grant_type=authorization_code&code=code&redirect_uri=http');
    expect(result.account).toBe('138****0000');
    expect(readLogin(result.fileText)).toEqual({ value: 'sk-new', expiresAtMs: 172_801_000, renewal: 'rt-2' });
  });

  it('reports why it failed', () => {
    const { result } = play(login.exchange('code', client, 1000), [answer('{}', 400)]);
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'authentication' } });
  });
});
