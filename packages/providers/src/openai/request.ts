import type { UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, ChatBody } from '../adapter.ts';
import { streamOptions } from '../stream-options.ts';

/** The client's request with the provider's model name; all else passes as it is, fields we don't know included. */
export function toUpstream(body: ChatBody, plan: CallPlan): UpstreamRequest {
  const asksForUsage = plan.stream && plan.reportStreamUsage;
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
      ...(asksForUsage ? { stream_options: { ...streamOptions(body), include_usage: true } } : {}),
    }),
  };
}

/** A server may be asked for a stream where the client wants none, or the other way about. */
function streamFields(body: ChatBody, { stream }: CallPlan): object {
  if ((body['stream'] === true) === stream) return {};
  return stream ? { stream } : { stream, stream_options: undefined };
}
