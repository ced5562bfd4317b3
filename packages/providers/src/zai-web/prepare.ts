import {
  type ChatBody,
  type ResponseHead,
  type UpstreamFailure,
  type UpstreamRequest,
  writeLossless,
} from '@sluice/protocol';
import type { CallPlan } from '../adapter.ts';
import { parseText } from '../parse-text.ts';
import type { Preparation } from '../preparation.ts';
import { toFailure } from './failure.ts';
import { imagesOf, promptOf, withImages } from './messages.ts';
import { findModel } from './models.ts';
import { webHeaders } from './request.ts';
import type { ZaiWebOptions } from './options.ts';
import { describeFile, type ImageFile, readDataUrl, toUpload } from './upload.ts';
import { userIdOf } from './user-id.ts';
import { failureInside } from './whole.ts';
import { createdSchema } from './wire.ts';

/** Uploads the request's images, and creates the chat for models that require it; most requests need no preparation. */
export function* prepare(body: ChatBody, plan: CallPlan, options: ZaiWebOptions): Preparation {
  const target = findModel(plan.model, options.zai_web_models ?? []);
  const images = imagesOf(body);
  if (images.length > 0 && target.hasVision === false) {
    return { kind: 'failed', failure: cannot(`The model "${plan.model}" of chat.z.ai accepts no images.`) };
  }
  const messageId = plan.newId();
  const urls: string[] = [];
  const files: object[] = [];
  for (const [at, url] of images.entries()) {
    const file = readDataUrl(url, at);
    if (file === undefined) return { kind: 'failed', failure: cannot('An image is not a base64 data URL.') };
    const { head, text } = yield { kind: 'call', request: toUpload(file, plan, options) };
    const uploaded = readCreated(head, text);
    if ('kind' in uploaded) return { kind: 'failed', failure: asGuest(uploaded, text) };
    const facts = { id: uploaded.id, file, userId: userIdOf(plan.apiKey), itemId: plan.newId(), messageId };
    files.push(describeFile(facts));
    urls.push(urlOf(uploaded, file, options));
  }
  const notes: Record<string, string> = { messageId, ...(files.length === 0 ? {} : { files: JSON.stringify(files) }) };
  if (target.isPersisted) {
    const { head, text } = yield {
      kind: 'call',
      request: toNewChat({ body, plan, options, messageId, model: target.model }),
    };
    const chat = readCreated(head, text);
    if ('kind' in chat) return { kind: 'failed', failure: chat };
    notes['chatId'] = chat.id;
  }
  return { kind: 'ready', ...(urls.length === 0 ? {} : { body: withImages(body, urls) }), notes };
}

interface Created {
  readonly id: string;
  readonly filename: string | undefined;
}

function readCreated(head: ResponseHead, text: string): Created | UpstreamFailure {
  if (head.status < 200 || head.status >= 300) return toFailure(head, text);
  const created = parseText(createdSchema, text);
  if (created !== undefined) return { id: created.id, filename: created.filename ?? undefined };
  return failureInside(text, 'The provider did not create the chat or file.');
}

const urlOf = ({ id, filename }: Created, { name }: ImageFile, { zai_web_api: api }: ZaiWebOptions): string =>
  api === 'v1' ? `${id}_${filename ?? name}` : id;

/**
 * Converts the failure of an upload by a guest. Guests may not upload files; their token remains valid for other
 * requests.
 */
function asGuest(failure: UpstreamFailure, text: string): UpstreamFailure {
  const isRefused = failure.status === 403 || (failure.status === 401 && /guest/i.test(text));
  return isRefused
    ? {
        ...cannot('chat.z.ai accepts images only from signed-in users, and this token is not known to belong to one.'),
        status: failure.status,
        isOfCredential: true,
      }
    : failure;
}

const cannot = (message: string): UpstreamFailure => ({ kind: 'unsupported', message, param: 'messages' });

interface NewChat {
  readonly body: ChatBody;
  readonly plan: CallPlan;
  readonly options: ZaiWebOptions;
  readonly messageId: string;
  readonly model: string;
}

/** Builds a chat with the last user message, as the page does before a question. */
function toNewChat({ body, plan, options, messageId, model }: NewChat): UpstreamRequest {
  const message = {
    id: messageId,
    parentId: null,
    childrenIds: [],
    role: 'user',
    content: promptOf(body),
    timestamp: Math.floor(plan.startedAtMs / 1000),
    models: [model],
  };
  const chat = {
    id: '',
    title: 'New Chat',
    models: [model],
    params: {},
    history: { messages: { [messageId]: message }, currentId: messageId },
    messages: [message],
    tags: [],
    flags: [],
    timestamp: plan.startedAtMs,
  };
  return {
    method: 'POST',
    url: `${plan.baseUrl}/api/v1/chats/new`,
    headers: { ...webHeaders(plan, options), 'content-type': 'application/json' },
    body: writeLossless({ chat }),
  };
}
