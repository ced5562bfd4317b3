import { hashConversation } from '../faults/conversations.ts';
import type { Endpoint, Failure, Provider, Question, Surroundings, WholeAnswer } from '../server/provider.ts';
import { chatQuestion } from '../server/questions.ts';
import { toWebStream } from './answer.ts';
import { captchaBody, failure, failureOf } from './errors.ts';
import { readWebRequest } from './request.ts';
import { guestToken, userOf } from './session.ts';

/** The backend of the page chat.z.ai. Each session that it opens belongs to a new guest. */
export function createZaiWeb(): Provider {
  let guests = 0;
  const session: Endpoint = {
    isPublic: true,
    read: () => ({
      ...told(''),
      // The name lets scripts match sessions.
      model: 'session',
      answer: ({ fault }) => whole(fault?.name === 'errev' ? captchaBody : JSON.stringify(guestToken(++guests))),
    }),
  };
  const endpoints: Readonly<Record<string, Endpoint>> = {
    'GET /api/v1/auths/': session,
    'POST /api/v1/auths/guest': session,
    'GET /api/models': { read: () => told(modelList) },
    'POST /api/v1/chats/new': { read: (body) => told(JSON.stringify({ id: `chat-${hashConversation(body)}` })) },
    'DELETE /api/v1/chats/': { read: () => told('true') },
    'POST /api/v1/files/': { read: takeFile },
    'POST /api/chat/completions': completions('v1'),
    'POST /api/v2/chat/completions': completions('v2'),
  };
  return { endpoint: (method, path) => endpoints[`${method} ${path}`], failure: failureOf };
}

const modelList = JSON.stringify({
  data: ['glm-4.7', 'glm-4.5v'].map((id) => ({ id, name: id.toUpperCase(), info: { is_active: true } })),
});

/** Returns an answer that depends on nothing. */
const told = (body: string): Question => ({
  kind: 'question',
  model: '',
  stream: false,
  directives: [],
  conversation: hashConversation(body),
  answer: () => whole(body),
});

const whole = (body: string): WholeAnswer => ({ kind: 'whole', body, tokens: 0, steps: 0 });

function takeFile(body: string, { credential }: Surroundings): Question | Failure {
  if (userOf(credential).startsWith('guest-')) return failure(403, 'Guests may not upload files');
  const [, filename] = /; name="file"; filename="([^"]+)"/.exec(body) ?? [];
  if (filename === undefined) return failure(400, 'No file');
  return told(JSON.stringify({ id: `file-${hashConversation(body.slice(body.indexOf('\r\n')))}`, filename }));
}

const completions = (api: 'v1' | 'v2'): Endpoint => ({
  read(body, asked) {
    const request = readWebRequest(api, body, asked);
    if (request.kind === 'failure') return request;
    return chatQuestion({ ...request.chat, stream: true }, (behaviour) => toWebStream(request, behaviour));
  },
});
