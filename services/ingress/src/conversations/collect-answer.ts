import { eventsOf, isObject, type JsonObject, readChunk, textsOf } from '@sluice/protocol';

/**
 * Returns the assistant's message of a complete answer, as the gateway passed it on: server-sent events, or a whole answer. Of
 * several choices it is the first. Undefined if it can't be understood.
 */
export function messageOf(answer: string, stream: boolean): JsonObject | undefined {
  return stream ? fromEvents(answer) : fromWhole(answer);
}

function fromWhole(answer: string): JsonObject | undefined {
  const body: unknown = JSON.parse(answer);
  const choices = isObject(body) ? body['choices'] : undefined;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = isObject(first) ? first['message'] : undefined;
  return isObject(message) ? message : undefined;
}

interface Call {
  id: string;
  name: string;
  text: string;
}

function fromEvents(answer: string): JsonObject {
  let content = '';
  const calls = new Map<number, Call>();
  for (const { data } of eventsOf(answer)) {
    for (const { index, delta } of readChunk(data)?.choices ?? []) {
      if ((index ?? 0) !== 0 || delta === undefined || delta === null) continue;
      content += textsOf(delta).content;
      for (const piece of Array.isArray(delta['tool_calls']) ? (delta['tool_calls'] as unknown[]) : []) {
        if (isObject(piece)) addCall(calls, piece);
      }
    }
  }
  const toolCalls = [...calls.values()].map(({ id, name, text }) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  }));
  return { role: 'assistant', content, ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }) };
}

function addCall(calls: Map<number, Call>, piece: JsonObject): void {
  const at = typeof piece['index'] === 'number' ? piece['index'] : calls.size;
  const call = calls.get(at) ?? { id: '', name: '', text: '' };
  calls.set(at, call);
  if (typeof piece['id'] === 'string') call.id = piece['id'];
  if (!isObject(piece['function'])) return;
  const { name, arguments: text } = piece['function'];
  if (typeof name === 'string') call.name += name;
  if (typeof text === 'string') call.text += text;
}
