/**
 * Text around the delta of a clean chunk. Servers write all chunks of a stream alike, so a chunk in the same frame has
 * the same member names and needs no parsing.
 */
export interface CleanFrame {
  /** Start of the chunk; for OpenAI, up to its delta. */
  readonly start: string;
  /** End of the chunk, from its open `finish_reason` on. */
  readonly end: string;
  /** The constant part of the end, if the rest varies: OpenAI pads chunks with random letters. */
  readonly close: string;
  /** Members that the chunk must contain in that case. */
  readonly members: readonly string[];
  /** Members that the chunk must not contain, because the first chunk lacks them. */
  readonly absent: readonly string[];
}

const names = ['"id":"', '"object":"chat.completion.chunk"', '"created":', '"model":"'];
const beginning = /"choices":\[(?:\{"index":\d+,"delta":\{)?/;
const openMember = '"finish_reason":null';
/** Members that are equal on all chunks of a stream, or absent from all. */
const constant = ['"usage":', '"system_fingerprint":', '"service_tier":'];
const constantValue = /^(?:null|"[^"\\]*")/;

/** Random letters that make all chunks equally long; the text before them is the same on each chunk. */
const filler = '"obfuscation":"';

/** Returns the frame of a clean chunk; undefined if it can't be determined from the text. */
export function frameOf(data: string): CleanFrame | undefined {
  const found = beginning.exec(data);
  if (found === null) return undefined;
  const start = data.slice(0, found.index + found[0].length);
  const end = data.slice(Math.max(start.length, data.lastIndexOf(openMember)));
  const absent = constant.filter((name) => !data.includes(name));
  const index = start.endsWith('{') ? [] : ['"index":'];
  if (names.every((name) => start.includes(name))) {
    const filling = end.indexOf(filler);
    const tail = filling === -1 ? [openMember, ...constantsOf(data, start)] : [end.slice(0, filling + filler.length)];
    return { start, end, close: '}', members: [...tail, ...index], absent };
  }
  const members = [openMember, ...constantsOf(data, start), ...index];
  // Other servers write the choices first, then the id and model.
  const close = data.slice(data.lastIndexOf('}]'));
  const isNamed = names.every((name) => start.includes(name) || close.includes(name));
  return isNamed ? { start, end, close, members, absent } : undefined;
}

/**
 * Signs of a chunk that finishes, counts, fails, begins a tool call or deviates. They can't match inside the answer's
 * text, where every quote is escaped. One pattern, because several searches take longer than parsing.
 */
const signs =
  /"(?:finish_reason":(?!null)|usage":\{|error":|reasoning":"|content":[[{]|logprobs":\{|(?:delta|role|tool_calls|function_call)":null|(?:name|role)":|id":""|tool_calls":\[(?!\{"index":\d+,"function":\{"arguments":"))/;

/** Occurs once in each choice. */
const deltaMember = '"delta":';

/** Returns whether a chunk only continues the answer, in OpenAI's form. */
export function isPlain(data: string, { start, end, close, members, absent }: CleanFrame): boolean {
  // Comparing slices is several times faster than `startsWith` with a long text.
  if (data.slice(0, start.length) !== start) return false;
  const isOpened = start.endsWith('{');
  // Another choice, whose start must be parsed.
  if (data.includes(deltaMember, isOpened ? start.length : data.indexOf(deltaMember) + 1)) return false;
  if (isOpened && data.endsWith(end)) return !signs.test(data.slice(start.length, -end.length));
  return data.endsWith(close) && hasAll(data, members) && !hasAny(data, absent) && !signs.test(data);
}

/** Some servers repeat the role in each chunk: clients that concatenate deltas would repeat it too. */
const speaker = '"role":"assistant",';

/** Returns the chunk without its role, which the first chunk had. */
export const withoutSpeaker = (data: string, { start }: CleanFrame): string =>
  data[start.length + 1] === 'r' && start.endsWith('{') && data.startsWith(speaker, start.length)
    ? data.slice(0, start.length) + data.slice(start.length + speaker.length)
    : data;

/** Returns whether a plain chunk adds nothing to the answer. */
export function isEmpty(data: string, { start, end }: CleanFrame): boolean {
  if (!start.endsWith('{')) return emptyDelta.test(data);
  return data.length <= start.length + end.length + longestEmpty && empty.test(data.slice(start.length, -end.length));
}

const empty = /^(?:"content":(?:""|null))?\},(?:"logprobs":null,)?$/;
const longestEmpty = '"content":null},"logprobs":null,'.length;
const emptyDelta = /"delta":\{(?:"content":(?:""|null))?\}/;

/** Returns the constant members that are not in the start, with this chunk's values. */
const constantsOf = (data: string, start: string): string[] =>
  constant.flatMap((name) => {
    const at = start.includes(name) ? -1 : data.indexOf(name);
    return at === -1 ? [] : [name + (constantValue.exec(data.slice(at + name.length))?.[0] ?? '')];
  });

const hasAny = (data: string, members: readonly string[]): boolean => members.some((member) => data.includes(member));

const hasAll = (data: string, members: readonly string[]): boolean => members.every((member) => data.includes(member));
