import { type ChatBody, type UpstreamRequest, writeLossless } from '@sluice/protocol';
import type { CallPlan } from '../adapter.ts';
import { promptOf, toWebMessages } from './messages.ts';
import { findModel, type WebTarget } from './models.ts';
import type { ZaiWebOptions } from './options.ts';
import { sign } from './signature.ts';
import { userIdOf } from './user-id.ts';

const paths = { v1: '/api/chat/completions', v2: '/api/v2/chat/completions' } as const;

/**
 * Returns the headers that the backend requires with every call. The page's other headers describe a browser, which the
 * gateway is not.
 */
export function webHeaders({ apiKey, baseUrl }: Pick<CallPlan, 'apiKey' | 'baseUrl'>, options: ZaiWebOptions) {
  return {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'sluice',
    'x-fe-version': options.zai_web_version,
    origin: baseUrl,
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
  };
}

/** Builds the call for the answer. Its URL contains the access token: the query must not be logged. */
export function toUpstream(body: ChatBody, plan: CallPlan, options: ZaiWebOptions): UpstreamRequest {
  const { baseUrl, apiKey, notes = {}, newId } = plan;
  const signed = {
    requestId: newId(),
    userId: userIdOf(apiKey),
    timestampMs: plan.startedAtMs,
    prompt: promptOf(body),
  };
  const chatId = notes['chatId'] ?? newId();
  const page = `/c/${chatId}`;
  const timestamp = String(signed.timestampMs);
  const query = new URLSearchParams({
    timestamp,
    requestId: signed.requestId,
    user_id: signed.userId,
    token: apiKey ?? '',
    ...(options.zai_web_api === 'v2' ? { version: '0.0.1', platform: 'web' } : {}),
    current_url: baseUrl + page,
    pathname: page,
    signature_timestamp: timestamp,
  });
  const { signing_variant: variant, signing_key: key = '' } = options;
  return {
    method: 'POST',
    url: `${baseUrl}${paths[options.zai_web_api]}?${query.toString()}`,
    headers: {
      ...webHeaders(plan, options),
      accept: 'text/event-stream',
      'content-type': 'application/json',
      referer: baseUrl + page,
      ...(variant === 'none' ? {} : { 'x-signature': sign({ variant, key }, signed) }),
    },
    body: writeLossless(toWire({ body, plan, options, chatId, prompt: signed.prompt })),
  };
}

/** Returns the descriptions of the uploaded files, from the notes of the preparation. */
const filesOf = (json: string | undefined): unknown => (json === undefined ? [] : JSON.parse(json));

interface WireNeeds {
  readonly body: ChatBody;
  readonly plan: CallPlan;
  readonly options: ZaiWebOptions;
  readonly chatId: string;
  readonly prompt: string;
}

function toWire({ body, plan, options, chatId, prompt }: WireNeeds): object {
  const target = findModel(plan.model, options.zai_web_models ?? []);
  const { notes = {}, newId } = plan;
  const isV2 = options.zai_web_api === 'v2';
  return {
    stream: true,
    model: target.model,
    messages: toWebMessages(body),
    ...(isV2 ? { signature_prompt: prompt } : {}),
    params: paramsOf(body),
    ...(isV2 ? { files: filesOf(notes['files']), extra: {} } : {}),
    mcp_servers: target.mcpServers,
    tool_servers: [],
    features: featuresOf(body, target, isV2),
    variables: variablesAt(plan.startedAtMs, isV2),
    // A chat that was created before has a session and a model already.
    ...(target.isPersisted ? {} : { model_item: { id: target.model, name: target.title, owned_by: 'openai' } }),
    background_tasks: { title_generation: false, tags_generation: false },
    chat_id: chatId,
    id: newId(),
    ...(isV2
      ? {
          ...(target.isPersisted ? {} : { session_id: newId() }),
          current_user_message_id: notes['messageId'] ?? newId(),
          current_user_message_parent_id: null,
        }
      : {}),
  };
}

function paramsOf(body: ChatBody): object {
  const { temperature, top_p: topP, max_tokens: maxTokens, max_completion_tokens: maxCompletionTokens } = body;
  const limit = maxCompletionTokens ?? maxTokens;
  return {
    ...(temperature == null ? {} : { temperature }),
    ...(topP == null ? {} : { top_p: topP }),
    ...(limit == null ? {} : { max_tokens: limit }),
  };
}

function featuresOf({ reasoning_effort: effort }: ChatBody, target: WebTarget, isV2: boolean): object {
  return {
    enable_thinking: typeof effort === 'string' ? effort !== 'none' : target.thinks,
    web_search: target.searches,
    auto_web_search: target.searches,
    preview_mode: target.isPreview,
    image_generation: false,
    flags: [],
    ...(isV2 ? { features: target.mcpServers.map((server) => ({ type: 'mcp', server, status: 'hidden' })) } : {}),
  };
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/**
 * Returns the variables that the page fills into its prompts. They contain nothing about the user, and times are in
 * UTC.
 */
function variablesAt(timeMs: number, isV2: boolean): object {
  const at = new Date(timeMs);
  const [date = '', time = ''] = at.toISOString().slice(0, 19).split('T');
  return {
    '{{USER_NAME}}': 'User',
    '{{USER_LOCATION}}': 'Unknown',
    '{{CURRENT_DATETIME}}': `${date} ${time}`,
    ...(isV2
      ? {
          '{{CURRENT_DATE}}': date,
          '{{CURRENT_TIME}}': time,
          '{{CURRENT_WEEKDAY}}': weekdays[at.getUTCDay()],
          '{{CURRENT_TIMEZONE}}': 'UTC',
          '{{USER_LANGUAGE}}': 'en-US',
        }
      : {}),
  };
}
