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
  /** The parts of an event whose delta is a text alone; undefined if the delta does not follow the start. */
  readonly textEvent: TextEvent | undefined;
}

/** An event around its text, from `data:` to the blank line. */
interface TextEvent {
  readonly start: string;
  /** The two ends that servers write, from the quote after the text on: without and with `logprobs`. */
  readonly ends: readonly [string, string];
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
  const textEvent = start.endsWith('{') ? textEventOf(start, end) : undefined;
  if (names.every((name) => start.includes(name))) {
    const filling = end.indexOf(filler);
    const tail = filling === -1 ? [openMember, ...constantsOf(data, start)] : [end.slice(0, filling + filler.length)];
    return { start, end, close: '}', members: [...tail, ...index], absent, textEvent };
  }
  const members = [openMember, ...constantsOf(data, start), ...index];
  // Other servers write the choices first, then the id and model.
  const close = data.slice(data.lastIndexOf('}]'));
  const isNamed = names.every((name) => start.includes(name) || close.includes(name));
  return isNamed ? { start, end, close, members, absent, textEvent } : undefined;
}

function textEventOf(start: string, end: string): TextEvent | undefined {
  if (lineEnd.test(start) || lineEnd.test(end) || end.includes(deltaMember)) return undefined;
  return {
    start: `data: ${start}"content":"`,
    ends: [`"},${end}${blankLine}`, `"},"logprobs":null,${end}${blankLine}`],
  };
}

const lineEnd = /[\n\r]/;

/**
 * Returns the end of the event at this place of a text, if the event's delta is a text that is not empty, and nothing
 * else: the usual chunk, which needs no other check. Returns -1 for another event.
 */
export function endOfPlain(text: string, at: number, { textEvent }: CleanFrame): number {
  if (textEvent === undefined) return -1;
  const { start, ends } = textEvent;
  const from = at + start.length;
  if (text.slice(at, from) !== start) return -1;
  let quote = text.indexOf('"', from);
  while (quote > from && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  if (quote <= from) return -1;
  const end = ends.find((each) => text.slice(quote, quote + each.length) === each);
  if (end === undefined) return -1;
  const until = quote + end.length;
  // JSON does not allow a line end within a text, and it would divide the event.
  return text.indexOf('\n', from) === until - blankLine.length ? until : -1;
}

const blankLine = '\n\n';

const backslash = 0x5c;

/** Returns whether an odd number of backslashes stands before a place. */
function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === backslash) before--;
  return (at - before) % 2 === 1;
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
