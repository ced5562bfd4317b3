import { isObject, type JsonObject } from '@sluice/protocol';

/** Contents of an error, whatever its shape. */
export interface ErrorSigns {
  /** Readable message; undefined if there is none. */
  readonly message: string | undefined;
  /** All readable messages, one per line, for the rules. */
  readonly text: string;
  /** Codes, types, statuses and reasons, from the outermost to the innermost. Numbers as text. */
  readonly codes: readonly string[];
  /** The first code that is a word; most providers send it as `error.code`. */
  readonly code: string | undefined;
  /** The field that the provider reports as wrong. */
  readonly param: string | undefined;
  /** HTTP status among the numbers. */
  readonly status: number | undefined;
  /** Wait in a field of the error. */
  readonly delay: string | undefined;
  /** `page` is HTML; `nothing` also stands for binary data. */
  readonly form: 'data' | 'text' | 'page' | 'nothing';
}

/** Maximum length of a provider's text that is kept, in characters. */
export const longestMessage = 1000;

/** Limits of the search: the useful parts of an error are at its start and near its surface. */
const deepest = 8;
const mostNodes = 400;
const mostItems = 10;
const mostCodes = 40;
const mostTexts = 20;

/** Member names by content, in lower case and without underscores, in order of preference. */
const containers = ['error', 'errors', 'baseresp'];
const texts = ['message', 'msg', 'errormessage', 'errormsg', 'statusmsg', 'errordescription', 'detail', 'details'];
const lesserTexts = ['error', 'content', 'reason', 'title', 'description'];
const codes = ['code', 'errorcode', 'errcode', 'errno', 'subcode'];
const statuses = ['statuscode', 'status'];
const types = ['type', 'errortype', 'reason', 'quotaid', 'blockreason'];
/** Members whose name tells more than their value. */
const namedTypes = ['captchaerrortype'];
const innerContainers = [
  'innererror',
  'innerexception',
  'lasterror',
  'detail',
  'details',
  'data',
  'inner',
  'metadata',
  'raw',
  'response',
  'violations',
  'fieldviolations',
];

/** Pattern of a code, as opposed to a sentence. */
const word = /^[\w.:#@/-]{1,120}$/;

interface Found {
  readonly texts: string[];
  readonly codes: string[];
  code: string | undefined;
  param: string | undefined;
  status: number | undefined;
  delay: string | undefined;
  nodes: number;
}

/** Reads a value that replaces an answer: an object, a list of objects, a text, JSON inside a text. */
export function signsOf(value: unknown, form: ErrorSigns['form'] = 'data'): ErrorSigns {
  const found: Found = {
    texts: [],
    codes: [],
    code: undefined,
    param: undefined,
    status: undefined,
    delay: undefined,
    nodes: 0,
  };
  walk(value, found, 0);
  const { texts: said, codes: named, nodes: _nodes, ...rest } = found;
  // "Provider returned error" precedes the provider's own message.
  const message = said.find((text) => !empty.test(text)) ?? said[0];
  return { ...rest, message, text: said.join('\n'), codes: named, form };
}

const empty =
  /^(?:provider returned error|upstream (?:request )?(?:error|failed)|bad request|error|errors?:?|unknown error|failed)[.!:]?$/i;

function walk(value: unknown, found: Found, depth: number): void {
  if (depth > deepest || ++found.nodes > mostNodes) return;
  if (typeof value === 'string') return onText(value, found, depth);
  if (Array.isArray(value)) {
    for (const item of value.slice(0, mostItems)) walk(item, found, depth + 1);
    return;
  }
  if (isObject(value)) onObject(membersOf(value), found, depth);
}

function onObject(members: ReadonlyMap<string, unknown>, found: Found, depth: number): void {
  for (const name of containers) {
    const value = members.get(name);
    if (typeof value === 'object') walk(value, found, depth + 1);
  }
  for (const name of [...texts, ...lesserTexts]) {
    const value = members.get(name);
    if (typeof value === 'string' && !(name === 'reason' && word.test(value))) onText(value, found, depth);
  }
  for (const name of codes) onCode(members.get(name), found, { mayBeStatus: true, isName: true });
  for (const name of statuses) onCode(members.get(name), found, { mayBeStatus: true });
  for (const name of types) onCode(members.get(name), found);
  for (const name of namedTypes) {
    const value = members.get(name);
    if (typeof value === 'string') addCode(`${name}:${value}`.slice(0, 200), found);
  }
  // `{"error":"rate_limited"}`; AWS's `__type`, which names a package before the class.
  onCode(members.get('error'), found);
  const path = members.get('param') ?? members.get('field') ?? members.get('loc');
  found.param ??= paramOf(path);
  found.delay ??= delayOf(members.get('retrydelay') ?? members.get('retryafter'));
  // OpenRouter's members for moderation. The flagged input itself is not read.
  if (members.has('flaggedinput')) addCode('flagged_input', found);
  if (Array.isArray(members.get('reasons'))) addCode('flagged_reasons', found);
  for (const name of innerContainers) {
    const value = members.get(name);
    if (typeof value === 'object' || name === 'raw') walk(value, found, depth + 1);
  }
}

/** Returns the members by normalised name; of names that differ only in spelling the first counts. */
function membersOf(object: JsonObject): ReadonlyMap<string, unknown> {
  const members = new Map<string, unknown>();
  for (const [name, value] of Object.entries(object).slice(0, mostNodes)) {
    const plain = name.length > 40 ? name : name.replaceAll(/[_-]/g, '').toLowerCase();
    if (value != null && !members.has(plain)) members.set(plain, value);
  }
  return members;
}

function onText(value: string, found: Found, depth: number): void {
  const nested = nestedJson(value);
  if (nested !== undefined) {
    walk(nested.value, found, depth + 1);
    return addText(nested.before, found);
  }
  addText(/<(?:!doctype|html|head|body)\b/i.test(value) ? (titleOf(value) ?? '') : value, found);
}

function addText(value: string, found: Found): void {
  const text = clean(value).slice(0, longestMessage);
  if (text !== '' && found.texts.length < mostTexts && !found.texts.includes(text)) found.texts.push(text);
}

interface CodePlace {
  readonly mayBeStatus?: boolean;
  /** True if a word here is the provider's own name of the failure. */
  readonly isName?: boolean;
}

function onCode(value: unknown, found: Found, { mayBeStatus = false, isName = false }: CodePlace = {}): void {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{1,12}$/.test(value))) {
    const number = Number(value);
    addCode(String(number), found);
    if (mayBeStatus && number >= 400 && number < 600) found.status ??= number;
    return;
  }
  // Code or sentence: xAI swaps the two.
  if (typeof value !== 'string' || value === '' || value.length > 200) return;
  addCode(value, found);
  if (isName && word.test(value)) found.code ??= value;
}

function addCode(code: string, found: Found): void {
  if (found.codes.length < mostCodes && !found.codes.includes(code)) found.codes.push(code);
}

/** Returns a name, or a path in pydantic's form: `["body", "messages", 0, "content"]`. */
function paramOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value.slice(0, 200);
  if (!Array.isArray(value) || value.length === 0 || value.length > 20) return undefined;
  const steps = value[0] === 'body' ? value.slice(1) : value;
  const path = steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return path.replace(/^\./, '').slice(0, 200) || undefined;
}

function delayOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value;
  const seconds = isObject(value) ? value['seconds'] : undefined;
  return typeof seconds === 'number' || typeof seconds === 'string' ? `${seconds}s` : undefined;
}

/** Finds JSON inside a text, possibly after a few words: `Error code: 400 - {"error": …}`. */
function nestedJson(text: string): { readonly before: string; readonly value: unknown } | undefined {
  const at = text.slice(0, 300).search(/[[{]\s*["{[]/);
  if (at < 0) return undefined;
  const value = parseJson(text.slice(at)) ?? parseJson(text.slice(at, text.lastIndexOf('}') + 1));
  return value === undefined ? undefined : { before: text.slice(0, at).replace(/[\s:–—-]+$/, ''), value };
}

/** @returns undefined if the text is not a JSON object or list */
export function parseJson(text: string): JsonObject | readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) || Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the title of a page, the only part of it that a message repeats. */
export function titleOf(page: string): string | undefined {
  const head = page.slice(0, 4000);
  const title = /<title[^>]{0,100}>([^<]{1,300})/i.exec(head)?.[1] ?? /<h1[^>]{0,100}>([^<]{1,300})/i.exec(head)?.[1];
  return title === undefined ? undefined : clean(title) || undefined;
}

/** Removes control characters and surrounding white space. */
const clean = (text: string): string => text.replaceAll(/(?:(?![\t\n])\p{Cc})+/gu, ' ').trim();
