import {
  isEmpty,
  type ChatCompletion,
  chatCompletionSchema,
  type Delivered,
  fit,
  parseLossless,
  textsOf,
  type Usage,
  writeLossless,
} from '@sluice/protocol';
import type { ExtendedAnswer } from './extended-answer.ts';
import { sumUsage } from './sum-usage.ts';

type Choice = ChatCompletion['choices'][number];

/** Joins whole answers. A single answer stays unchanged, byte for byte. */
export function extendWhole(): ExtendedAnswer {
  let text = '';
  let joined: string | undefined;
  let usage: Usage | undefined;

  return {
    take(piece) {
      text += piece;
      return '';
    },
    endCall(spent) {
      usage = sumUsage(usage, spent);
      joined = joined === undefined ? text : join(joined, text, usage);
      text = '';
      return deliveredOf(joined);
    },
    close: () => joined ?? text,
    get usage() {
      return usage;
    },
  };
}

function parse(text: string): ChatCompletion | undefined {
  return fit(chatCompletionSchema, parseLossless(text));
}

function join(text: string, more: string, usage: Usage | undefined): string {
  const completion = parse(text);
  const [first] = completion?.choices ?? [];
  const [next] = parse(more)?.choices ?? [];
  if (first === undefined || next === undefined) return text;
  const choices = [{ ...first, message: joinMessages(first.message, next.message), finish_reason: next.finish_reason }];
  return writeLossless({ ...completion, choices, ...(usage === undefined ? {} : { usage }) });
}

/** Joins two messages. A model that extends its answer may reason again; only its first reasoning stays. */
function joinMessages(first: Choice['message'], next: Choice['message']): Choice['message'] {
  const others = Object.entries(next).filter(([name, value]) => !texts.has(name) && !isEmpty(value));
  return { ...first, ...Object.fromEntries(others), content: textsOf(first).content + textsOf(next).content };
}

/** Members of a message that are its text, or have no content. */
const texts: ReadonlySet<string> = new Set(['role', 'content', 'reasoning_content', 'reasoning']);

function deliveredOf(text: string): Delivered | undefined {
  const { id, created, choices = [] } = parse(text) ?? {};
  const [choice, ...others] = choices;
  if (choice === undefined || others.length > 0) return undefined;
  const { content, reasoning } = textsOf(choice.message);
  const hasMore = Object.entries(choice.message).some(([name, value]) => !texts.has(name) && !isEmpty(value));
  if (content === '' || hasMore) return undefined;
  return { id: id ?? undefined, created: created ?? undefined, content, reasoning, chunks: 0 };
}
