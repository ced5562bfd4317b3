import type { Audit } from '../audit/audit.ts';
import { behaviourOf } from '../faults/behaviour.ts';
import { type Conversations, seedOf } from '../faults/conversations.ts';
import { formatDirectives, parseDirectives, splitSuffix } from '../faults/directives.ts';
import type { Script } from '../script/script.ts';
import { credentialOf } from './credential.ts';
import type { Incoming } from './incoming.ts';
import type { FailureReason, Provider } from './provider.ts';
import { readBody } from './read-body.ts';
import { respond, sendFailure } from './respond.ts';

/** Dependencies of an exchange. */
export interface ExchangeNeeds {
  /** The first provider answers paths that belong to no other. */
  readonly providers: readonly [Provider, ...Provider[]];
  readonly audit: Audit;
  readonly conversations: Conversations;
  readonly script: Script;
}

/** Handles a call from its headers to the start of its answer, and records it in the audit. */
export async function exchange(needs: ExchangeNeeds, { request, response, path }: Incoming): Promise<void> {
  const { providers, audit, conversations, script } = needs;
  const method = request.method ?? '';
  const credential = credentialOf(request.headers);
  const query = (request.url ?? '').slice(path.length + 1);
  const call = audit.begin({ method, path, query, credential, rawHeaders: request.rawHeaders });
  response.setHeader('x-request-id', `req_${call.id}`);
  response.on('finish', () => call.end('answered'));
  response.on('close', () => call.end('aborted'));

  const body = await readBody(request).catch(() => null);
  if (body === null || !call.isOpen()) return;
  call.setBody(body ?? '');

  const asked = { query: new URLSearchParams(query), headers: request.headers, credential };
  const raw = { ...asked, method, path, body: body ?? '' };
  for (const { intercept } of providers) {
    const answer = intercept?.(raw);
    if (answer === undefined) continue;
    if (answer === 'silence') return;
    call.answer(answer.status);
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body);
    return;
  }

  const provider = providers.find((each) => each.endpoint(method, path)) ?? providers[0];
  const endpoint = provider.endpoint(method, path);
  const refuse = (reason: FailureReason) => {
    const failure = provider.failure(reason, { method, path, credential, model: '' });
    sendFailure({ response, call, failure });
  };
  const header = parseDirectives([request.headers['x-sim-directives'] ?? []].flat().join('-'));
  if (!endpoint) return refuse({ name: 'unknownPath' });
  if (credential === '' && provider.isOpen !== true && endpoint.isPublic !== true)
    return refuse({ name: 'noCredential' });
  if (body === undefined) return refuse({ name: 'bodyTooLarge' });
  if ('unknown' in header) return refuse({ name: 'unknownDirective', word: header.unknown });
  const question = endpoint.read(body, asked);
  if (question.kind === 'failure') return sendFailure({ response, call, failure: question });

  const { model, stream, conversation } = question;
  const directives = [
    ...splitSuffix(credential).directives,
    ...question.directives,
    ...header.directives,
    ...(model === '' ? [] : script.use({ model, credential, body })),
  ];
  call.describe({ model, stream, conversation, directives: formatDirectives(directives) });
  const behaviour = behaviourOf(directives, {
    earlierTries: conversations.count(conversation),
    percentile: seedOf(conversation) % 100,
  });
  respond({ response, call, provider, question, behaviour, context: { method, path, credential, model } });
}
