/**
 * What surrounds the delta of a clean chunk. Servers write all chunks of a stream alike, so that another one in the same
 * frame has the same names, and need not be parsed to see it.
 */
export interface CleanFrame {
  /** How the chunk begins: at OpenAI, up to its delta. */
  readonly start: string;
  /** How it ends, from its open `finish_reason` on. */
  readonly end: string;
  /** What of its end may not differ, where the rest does: OpenAI fills chunks up with random letters. */
  readonly close: string;
  /** What must be found in between then. */
  readonly members: readonly string[];
}

const names = ['"id":"', '"object":"chat.completion.chunk"', '"created":', '"model":"'];
const beginning = /"choices":\[(?:\{"index":\d+,"delta":\{)?/;
const openMember = '"finish_reason":null';

/** The frame of a chunk that was found clean; undefined where it can't be told from its text. */
export function frameOf(data: string): CleanFrame | undefined {
  const found = beginning.exec(data);
  if (found === null) return undefined;
  const start = data.slice(0, found.index + found[0].length);
  const end = data.slice(Math.max(start.length, data.lastIndexOf(openMember)));
  const members = start.endsWith('{') ? [openMember] : [openMember, '"index":'];
  if (names.every((name) => start.includes(name))) return { start, end, close: '}', members };
  // Others say first what they answer, and then who they are.
  const close = data.slice(data.lastIndexOf('}]'));
  const isNamed = names.every((name) => start.includes(name) || close.includes(name));
  return isNamed ? { start, end, close, members } : undefined;
}

/**
 * Signs of a chunk that finishes, counts, fails, begins a tool call or speaks with an accent. They can't be met inside
 * the answer's text: there every quote is escaped. One pattern, because several searches take longer than parsing does.
 */
const signs =
  /"(?:finish_reason":(?!null)|usage":\{|error":|reasoning":"|content":[[{]|logprobs":\{|(?:delta|role|tool_calls|function_call)":null|name":|(?:id|role)":""|tool_calls":\[(?!\{"index":\d+,"function":\{"arguments":"))/;

/** Of this there is one in each choice. */
const deltaMember = '"delta":';

/** Does a chunk only go on with the answer, in OpenAI's words? */
export function isPlain(data: string, { start, end, close, members }: CleanFrame): boolean {
  // Comparing slices is several times faster than `startsWith` with a long text.
  if (data.slice(0, start.length) !== start) return false;
  const isOpened = start.endsWith('{');
  // Another choice, whose beginning is to be seen.
  if (data.includes(deltaMember, isOpened ? start.length : data.indexOf(deltaMember) + 1)) return false;
  if (isOpened && data.endsWith(end)) return !signs.test(data.slice(start.length, -end.length));
  return data.endsWith(close) && hasAll(data, members) && !signs.test(data);
}

const hasAll = (data: string, members: readonly string[]): boolean => members.every((member) => data.includes(member));
