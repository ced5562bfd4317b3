import { createHmac } from 'node:crypto';
import { failureOf } from '../openai/errors.ts';
import type { Failure, Provider, RawAnswer, RawCall } from '../server/provider.ts';
import { chatCompletions } from './chat.ts';
import { createLogins } from './logins.ts';

/** iFlow's own error numbers, sent with status 200. */
const stated: Readonly<Record<number, string>> = {
  434: 'Access to the current AK has been blocked due to unauthorized requests',
  438: 'Access to the current AK has been blocked due to unauthorized requests',
  439: 'The token has expired',
  449: 'You exceeded your current rate limit',
};

const crowd = {
  success: false,
  code: '500',
  message: 'There are too many people at the moment, please try again later',
  exception: null,
  data: null,
  extra: null,
};

/** iFlow's API and its login server, both below `/iflow`. */
export function createIflow(): Provider {
  const logins = createLogins();

  function toGrant({ body }: RawCall): RawAnswer | 'silence' {
    const grant = logins.grant(new URLSearchParams(body)) ?? crowd;
    return grant === 'silence' ? grant : json(200, grant);
  }

  function intercept(call: RawCall): RawAnswer | 'silence' | undefined {
    switch (`${call.method} ${call.path}`) {
      case 'GET /iflow/oauth':
        return toCallback(call.query);
      case 'POST /iflow/oauth/token':
        return toGrant(call);
      case 'GET /iflow/api/oauth/getUserInfo':
        return json(200, logins.userInfo(call.query.get('accessToken') ?? ''));
      case 'POST /iflow/v1/chat/completions':
        if (hasWrongSignature(call)) return json(200, statedBody(434));
        return logins.hasEnded(call.credential) ? json(401, invalidKey) : undefined;
      default:
        return undefined;
    }
  }

  return {
    intercept,
    endpoint: (method, path) =>
      `${method} ${path}` === 'POST /iflow/v1/chat/completions' ? chatCompletions : undefined,
    failure(reason, context): Failure {
      if (reason.name !== 'e') return failureOf(reason, context);
      const { value: status } = reason;
      if (stated[status] !== undefined)
        return { kind: 'failure', status: 200, body: JSON.stringify(statedBody(status)) };
      if (status === 401) return { kind: 'failure', status, body: JSON.stringify(invalidKey) };
      return { kind: 'failure', status, body: JSON.stringify({ error: { message: `iFlow failed with ${status}` } }) };
    },
    forget: () => logins.clear(),
  };
}

const invalidKey = { error: { message: 'Invalid API key provided' } };
const statedBody = (status: number): object => ({ status: String(status), msg: stated[status] ?? '', body: null });
const json = (status: number, content: object): RawAnswer => ({ status, body: JSON.stringify(content) });

/** Grants consent at once, except to clients whose id starts with `deny-`. */
function toCallback(query: URLSearchParams): RawAnswer {
  const callback = new URL(query.get('redirect') ?? 'http://127.0.0.1/');
  const client = query.get('client_id') ?? '';
  if (client.startsWith('deny')) callback.searchParams.set('error', 'access_denied');
  else callback.searchParams.set('code', `code-${client}`);
  callback.searchParams.set('state', query.get('state') ?? '');
  return { status: 302, headers: { location: callback.href }, body: '' };
}

/** Checks the signature only if there is one. */
function hasWrongSignature({ headers, credential }: RawCall): boolean {
  const signature = headers['x-iflow-signature'];
  if (signature === undefined) return false;
  const text = [headers['user-agent'], headers['session-id'], headers['x-iflow-timestamp']].join(':');
  return signature !== createHmac('sha256', credential).update(text).digest('hex');
}
