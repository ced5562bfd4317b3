import { type ErrorSigns, parseJson, signsOf, titleOf } from './error-signs.ts';

/**
 * Reads the body of an answer that is not 2xx. It may be a JSON object, list or string, JSON in events, JSON after a
 * few words or truncated, XML, an HTML page, plain text, empty, or binary data.
 */
export function readErrorBody(body: string): ErrorSigns {
  const text = body.replace(/^\uFEFF/, '').trim();
  if (text === '' || isGarbled(text)) return signsOf(undefined, 'nothing');
  if (/^(?:<!--[^>]{0,500}-->\s*)?<(?:!doctype html|html|head|body|center|title)\b/i.test(text)) {
    return signsOf(titleOf(text), 'page');
  }
  if (text.startsWith('<')) return xmlSigns(text) ?? signsOf(titleOf(text), 'page');
  const value = parseJson(text) ?? jsonString(text) ?? eventOf(text) ?? firstLine(text) ?? membersOfTorn(text);
  if (value !== undefined) return signsOf(value);
  // JSON that is broken from the start is not a readable message.
  return /^[[{]/.test(text) ? signsOf(undefined, 'nothing') : signsOf(text, 'text');
}

/** Returns whether a text is compressed, or decoded with the wrong charset. */
function isGarbled(text: string): boolean {
  const beginning = text.slice(0, 400);
  const odd = beginning.match(/\uFFFD|(?![\t-\r\u007f-\u009f])\p{Cc}/gu)?.length ?? 0;
  return odd * 5 > beginning.length;
}

function jsonString(text: string): string | undefined {
  if (!text.startsWith('"')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Parses errors that are framed as events although they are labelled JSON. */
function eventOf(text: string): unknown {
  if (!/^(?:data|event|id|:)/.test(text)) return undefined;
  for (const [, data = ''] of text.matchAll(/^data:(.*)$/gm)) {
    const value = parseJson(data);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Parses JSON followed by something else: another line, a terminator. */
const firstLine = (text: string): unknown =>
  text.includes('\n') ? parseJson(text.split('\n', 1)[0] ?? '') : undefined;

/** Returns the known members of truncated JSON. */
function membersOfTorn(text: string): Readonly<Record<string, string>> | undefined {
  if (!/^[[{]/.test(text)) return undefined;
  const members: Record<string, string> = {};
  const member =
    /"(message|msg|detail|error|code|type|status|reason)"\s{0,4}:\s{0,4}(?:"((?:[^"\\]|\\.){0,1000})"?|(\d{1,9})\b)/g;
  for (const [, name = '', said, number] of text.slice(0, 8000).matchAll(member)) {
    members[name] ??= said === undefined ? (number ?? '') : unescape(said);
  }
  return Object.keys(members).length === 0 ? undefined : members;
}

function unescape(text: string): string {
  return jsonString(`"${text}"`) ?? text;
}

/** Parses XML errors: gateways of AWS and Aliyun send them. */
function xmlSigns(text: string): ErrorSigns | undefined {
  const code = /<code>([^<]{1,200})<\/code>/i.exec(text)?.[1];
  const message = /<message>([^<]{1,1000})<\/message>/i.exec(text)?.[1];
  return code === undefined && message === undefined ? undefined : signsOf({ code, message });
}
