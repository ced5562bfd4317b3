import type { WebUpdate } from './wire.ts';

const isSome = (text: string | null | undefined): text is string => text != null && text !== '';

/** Returns whether an update adds or changes text. */
export const hasText = ({ edit_content: edit, content, delta_content: delta }: WebUpdate): boolean =>
  isSome(edit) || isSome(content) || isSome(delta);

interface Edited {
  readonly text: string;
  /** Text added at the end, if nothing else changed. */
  readonly appended?: string;
}

/** Applies an update to a text. Indices count UTF-16 units. An edit replaces all text after its index. */
export function edited(
  text: string,
  { edit_content: edit, edit_index: at, content, delta_content: delta }: WebUpdate,
): Edited {
  if (isSome(edit)) return { text: text.slice(0, at ?? 0) + edit };
  if (isSome(content)) return { text: content };
  return { text: text + (delta ?? ''), appended: delta ?? '' };
}

/** Phases of the backend's own tools, whose output is not part of the answer. */
export const toolPhases: ReadonlySet<string> = new Set(['tool_call', 'search']);
