import {
  createResponseStream,
  parseResponsesRequest,
  responsesToChat,
  type ResponseStreamNeeds,
} from '@sluice/surfaces';

/** The parts of a response whose ids count up. */
export function needsOf(body: object = {}): ResponseStreamNeeds {
  const request = parseResponsesRequest({ model: 'm', input: 'Hi', ...body });
  let ids = 0;
  return {
    identity: { id: 'resp_1', createdAt: 1_780_000_000 },
    request,
    bridged: responsesToChat(request).bridged,
    newId: (prefix) => `${prefix}_${ids++}`,
    nowSeconds: () => 1_780_000_009,
  };
}

export const chunk = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c', model: 'gpt-x', choices: [{ index: 0, delta, ...more }] })}\n\n`;
export const finish = (reason: string): string => chunk({}, { finish_reason: reason });
export const usage = `data: ${JSON.stringify({
  id: 'c',
  choices: [],
  usage: {
    prompt_tokens: 9,
    completion_tokens: 4,
    total_tokens: 13,
    prompt_tokens_details: { cached_tokens: 5 },
    completion_tokens_details: { reasoning_tokens: 2 },
  },
})}\n\n`;
export const call = (index: number, members: object): string => chunk({ tool_calls: [{ index, ...members }] });

/** Translates a chat stream of these events. */
export function translate(events: readonly string[], body: object = {}): string {
  const stream = createResponseStream(needsOf(body));
  return events.map(stream.onData).join('') + stream.end();
}
