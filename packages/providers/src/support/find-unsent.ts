import { type ChatBody, itemsOf, type JsonObject, membersOf } from '@sluice/protocol';
import { allHints, type Capabilities, type Hint, labels } from '../capabilities.ts';

/** Hints in messages and tools. */
const marks: readonly Hint[] = ['cache_control', 'tools.cache_control', 'prompt_cache_breakpoint', 'image_url.detail'];

/**
 * Returns the names of the labels and hints in a request that the provider does not get, each once and without the indices of
 * lists: `messages.content.cache_control`. They ask for nothing, so they are never a reason to refuse the request.
 */
export function findUnsent(body: ChatBody, { hints = none }: Pick<Capabilities, 'hints'>): readonly string[] {
  if (hints === allHints) return [];
  const found = new Set<string>(labels.filter((name) => !hints.has(name) && body[name] != null));
  const { response_format: format }: JsonObject = body;
  if (!hints.has('description') && membersOf(membersOf(format)['json_schema'])['description'] != null) {
    found.add('response_format.json_schema.description');
  }
  const absent = new Set(marks.filter((name) => !hints.has(name)));
  if (absent.size > 0) addMarks(body, absent, found);
  return [...found];
}

const none: ReadonlySet<Hint> = new Set();

function addMarks({ messages, tools }: JsonObject, absent: ReadonlySet<Hint>, found: Set<string>): void {
  const look = (value: unknown, place: string, mark: Hint = 'cache_control'): void => {
    const { cache_control: control, prompt_cache_breakpoint: point, image_url: image } = membersOf(value);
    if (control != null && absent.has(mark)) found.add(`${place}.cache_control`);
    if (point != null && absent.has('prompt_cache_breakpoint')) found.add(`${place}.prompt_cache_breakpoint`);
    const { detail } = membersOf(image);
    if (detail != null && detail !== 'auto' && absent.has('image_url.detail')) found.add(`${place}.image_url.detail`);
  };
  for (const message of itemsOf(messages)) {
    look(message, 'messages');
    const { content, tool_calls: calls } = membersOf(message);
    for (const part of itemsOf(content)) look(part, 'messages.content');
    for (const call of itemsOf(calls)) look(call, 'messages.tool_calls');
  }
  for (const tool of itemsOf(tools)) look(tool, 'tools', 'tools.cache_control');
}
