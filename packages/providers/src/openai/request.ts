import type { UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, ChatBody } from '../adapter.ts';
import { streamOptions } from '../stream-options.ts';

/** The client's request with the provider's model name; all else passes as it is, fields we don't know included. */
export function toUpstream(body: ChatBody, plan: CallPlan): UpstreamRequest {
  return {
    method: 'POST',
    url: `${plan.baseUrl}/chat/completions`,
    headers: {
      'content-type': 'application/json',
      accept: plan.stream ? 'text/event-stream' : 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'sluice',
      ...(plan.apiKey === undefined ? {} : { authorization: `Bearer ${plan.apiKey}` }),
    },
    body: JSON.stringify({
      ...body,
      model: plan.model,
      ...streamFields(body, plan),
    }),
  };
}

/** Members that are undefined are not written: where the answer is wanted whole, nothing may ask for a stream. */
function streamFields(body: ChatBody, { stream, reportStreamUsage }: CallPlan): object {
  if (!stream) return { stream: body['stream'] === true ? undefined : body['stream'], stream_options: undefined };
  if (!reportStreamUsage) return { stream };
  return { stream, stream_options: { ...streamOptions(body), include_usage: true } };
}
