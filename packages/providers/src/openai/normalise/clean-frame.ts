/**
 * What surrounds the choices of a clean chunk: `start` is how the chunk begins, `end` how it ends. Servers write all
 * chunks of a stream alike, so that another one in the same frame has the same names, and need not be parsed to see it.
 */
export interface CleanFrame {
  readonly start: string;
  readonly end: string;
  /** What must be found between them. */
  readonly members: readonly string[];
}

/** Up to the delta of the first choice, where that comes second, as at OpenAI. */
const beginning = /"choices":\[(?:\{"index":\d+,"delta":\{)?/;
const indexMember = '"index":';
const openMember = '"finish_reason":null';
const names = ['"id":"', '"object":"chat.completion.chunk"', '"created":', '"model":"'];

/** The frame of a chunk that was found clean; undefined where it can't be told from its text. */
export function frameOf(data: string): CleanFrame | undefined {
  const found = beginning.exec(data);
  if (found === null) return undefined;
  const start = data.slice(0, found.index + found[0].length);
  const hasIndex = start.endsWith('{');
  const inside = hasIndex ? [openMember] : [openMember, indexMember];
  if (names.every((member) => start.includes(member))) return { start, end: '}', members: inside };
  // Others say first what they answer, and then who they are.
  const end = data.slice(data.lastIndexOf('}]'));
  const isNamed = names.every((member) => start.includes(member) || end.includes(member));
  return isNamed ? { start, end, members: inside } : undefined;
}

/**
 * Signs of a chunk that finishes, counts, fails, begins a tool call or speaks with an accent. They can't be met inside
 * the answer's text: there every quote is escaped. One pattern, because several searches take longer than parsing does.
 */
const signs =
  /"(?:finish_reason":(?!null)|usage":\{|error":|reasoning":"|content":[[{]|logprobs":\{|(?:delta|role|tool_calls|function_call)":null|id":""|tool_calls":\[(?!\{"index":\d+,"function":\{"arguments":"))/;

/** Does a chunk only go on with the answer, in OpenAI's words? */
export function isPlain(data: string, { start, end, members: inside }: CleanFrame): boolean {
  return (
    data.startsWith(start) &&
    data.endsWith(end) &&
    inside.every((member) => data.includes(member, start.length)) &&
    !signs.test(data)
  );
}
