type Fields = Readonly<Record<string, unknown>>;

/** One turn of a play: calls of tools that the request declares, or a text. */
interface Turn {
  readonly calls?: readonly { readonly name: string; readonly arguments: Fields }[];
  readonly text?: string;
}

/** A call in the form of a whole answer. */
interface PlayedCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

/** The turn that a request asks for. */
export interface PlayedTurn {
  readonly calls: readonly PlayedCall[];
  readonly text: string;
}

/**
 * Finds the play in a conversation: `play=` and the base64url JSON of its turns, anywhere in a message. The number of answers so
 * far is the number of the turn, so that a coding agent can be led through a task.
 */
export function turnOf(messages: readonly unknown[], tools: readonly string[]): PlayedTurn | undefined {
  const text = JSON.stringify(messages);
  const [, encoded] = /\bplay=([\w-]+)/.exec(text) ?? [];
  const turns = encoded === undefined ? undefined : parse(encoded);
  if (turns === undefined) return undefined;
  const number = messages.filter((message) => isObject(message) && message.role === 'assistant').length;
  const { calls = [], text: said = 'All done.' } = turns[number] ?? {};
  const known = calls.filter(({ name }) => tools.includes(name));
  return {
    text: said,
    calls: known.map(({ name, arguments: values }, index) => ({
      id: `call_play${number}x${index}`,
      type: 'function',
      function: { name, arguments: JSON.stringify(values) },
    })),
  };
}

function parse(encoded: string): readonly Turn[] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
    return Array.isArray(value) ? (value as Turn[]) : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
