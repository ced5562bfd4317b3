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
  /** What may not be found: members that the first chunk does not have. */
  readonly absent: readonly string[];
}

const names = ['"id":"', '"object":"chat.completion.chunk"', '"created":', '"model":"'];
const beginning = /"choices":\[(?:\{"index":\d+,"delta":\{)?/;
const openMember = '"finish_reason":null';
/** What is the same on each chunk of a stream, or on none. */
const constant = ['"usage":', '"system_fingerprint":', '"service_tier":'];
const constantValue = /^(?:null|"[^"\\]*")/;

/** The frame of a chunk that was found clean; undefined where it can't be told from its text. */
export function frameOf(data: string): CleanFrame | undefined {
  const found = beginning.exec(data);
  if (found === null) return undefined;
  const start = data.slice(0, found.index + found[0].length);
  const end = data.slice(Math.max(start.length, data.lastIndexOf(openMember)));
  const absent = constant.filter((name) => !data.includes(name));
  const present = constant
    .filter((name) => !start.includes(name) && data.includes(name))
    .map((name) => withValue(data, name));
  const members = [openMember, ...(start.endsWith('{') ? [] : ['"index":']), ...present];
  if (names.every((name) => start.includes(name))) return { start, end, close: '}', members, absent };
  // Others say first what they answer, and then who they are.
  const close = data.slice(data.lastIndexOf('}]'));
  const isNamed = names.every((name) => start.includes(name) || close.includes(name));
  return isNamed ? { start, end, close, members, absent } : undefined;
}

/**
 * Signs of a chunk that finishes, counts, fails, begins a tool call or speaks with an accent. They can't be met inside
 * the answer's text: there every quote is escaped. One pattern, because several searches take longer than parsing does.
 */
const signs =
  /"(?:finish_reason":(?!null)|usage":\{|error":|reasoning":"|content":[[{]|logprobs":\{|(?:delta|role|tool_calls|function_call)":null|(?:name|role)":|id":""|tool_calls":\[(?!\{"index":\d+,"function":\{"arguments":"))/;

/** Of this there is one in each choice. */
const deltaMember = '"delta":';

/** Does a chunk only go on with the answer, in OpenAI's words? */
export function isPlain(data: string, { start, end, close, members, absent }: CleanFrame): boolean {
  // Comparing slices is several times faster than `startsWith` with a long text.
  if (data.slice(0, start.length) !== start) return false;
  const isOpened = start.endsWith('{');
  // Another choice, whose beginning is to be seen.
  if (data.includes(deltaMember, isOpened ? start.length : data.indexOf(deltaMember) + 1)) return false;
  if (isOpened && data.endsWith(end)) return !signs.test(data.slice(start.length, -end.length));
  return data.endsWith(close) && hasAll(data, members) && !hasAny(data, absent) && !signs.test(data);
}

/** Does a plain chunk add nothing to the answer? */
export function isEmpty(data: string, { start, end }: CleanFrame): boolean {
  if (!start.endsWith('{')) return emptyDelta.test(data);
  return data.length <= start.length + end.length + longestEmpty && empty.test(data.slice(start.length, -end.length));
}

const empty = /^(?:"content":(?:""|null))?\},(?:"logprobs":null,)?$/;
const longestEmpty = '"content":null},"logprobs":null,'.length;
const emptyDelta = /"delta":\{(?:"content":(?:""|null))?\}/;

/** A member as the first chunk has it. */
const withValue = (data: string, name: string): string => {
  const at = data.indexOf(name) + name.length;
  return name + (constantValue.exec(data.slice(at))?.[0] ?? '');
};

const hasAny = (data: string, members: readonly string[]): boolean => members.some((member) => data.includes(member));

const hasAll = (data: string, members: readonly string[]): boolean => members.every((member) => data.includes(member));
