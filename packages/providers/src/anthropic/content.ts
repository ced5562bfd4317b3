import type {
  Base64ImageSource,
  CacheControlEphemeral,
  DocumentBlockParam,
  ImageBlockParam,
  TextBlockParam,
} from '@anthropic-ai/sdk/resources/messages';
import { type ContentPart, isObject, type JsonObject } from '@sluice/protocol';

/** Blocks that both users and tools may send. */
export type SaidBlock = TextBlockParam | ImageBlockParam | DocumentBlockParam;

type Content = string | readonly ContentPart[] | null | undefined;

const imageTypes: Readonly<Record<string, Base64ImageSource['media_type']>> = {
  'image/jpeg': 'image/jpeg',
  'image/jpg': 'image/jpeg',
  'image/png': 'image/png',
  'image/gif': 'image/gif',
  'image/webp': 'image/webp',
};

/** Converts content to blocks. Texts of white space alone are dropped, because Anthropic refuses them. */
export function toBlocks(content: Content): SaidBlock[] {
  const parts = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : (content ?? []);
  return parts.flatMap((part) => toBlock(part) ?? []);
}

export function textBlocks(content: Content): TextBlockParam[] {
  return toBlocks(content).filter((block) => block.type === 'text');
}

/** Converts a part; returns undefined if Anthropic does not accept it. */
export function toBlock(part: ContentPart): SaidBlock | undefined {
  switch (part.type) {
    case 'text':
      return part.text.trim() === '' ? undefined : { type: 'text', text: part.text, ...cacheControl(part) };
    case 'refusal':
      return part.refusal.trim() === '' ? undefined : { type: 'text', text: part.refusal, ...cacheControl(part) };
    case 'image_url':
      return toImage(part.image_url.url, cacheControl(part));
    case 'file':
      return toDocument(part.file, cacheControl(part));
    default:
      return undefined;
  }
}

export interface Cached {
  readonly cache_control?: CacheControlEphemeral;
}

function toImage(url: string, cached: Cached): ImageBlockParam | undefined {
  if (url.startsWith('https://')) return { type: 'image', source: { type: 'url', url }, ...cached };
  const { mediaType, data } = readDataUrl(url);
  const type = imageTypes[mediaType];
  return type === undefined
    ? undefined
    : { type: 'image', source: { type: 'base64', media_type: type, data }, ...cached };
}

interface FilePart {
  readonly file_data?: string | undefined;
  readonly filename?: string | undefined;
}

function toDocument({ file_data: url = '', filename }: FilePart, cached: Cached): DocumentBlockParam | undefined {
  const { mediaType, data } = readDataUrl(url);
  if (mediaType !== 'application/pdf') return undefined;
  return {
    type: 'document',
    source: { type: 'base64', media_type: mediaType, data },
    ...(filename === undefined ? {} : { title: filename }),
    ...cached,
  };
}

/** Splits a data URL; both parts are empty if the text is not a base64 data URL. */
function readDataUrl(url: string): { readonly mediaType: string; readonly data: string } {
  // No pattern is applied to the whole text: it may have megabytes.
  const comma = url.indexOf(',');
  const [, mediaType = ''] = /^data:([^;,]+)(?:;[^;,]*)*;base64$/i.exec(url.slice(0, Math.min(comma, 256))) ?? [];
  return mediaType === ''
    ? { mediaType, data: '' }
    : { mediaType: mediaType.toLowerCase(), data: url.slice(comma + 1) };
}

/**
 * Returns the cache mark of a part, message, call or tool: Anthropic's own member, which clients of other gateways
 * send, or OpenAI's equivalent.
 */
export function cacheControl({ cache_control: own, prompt_cache_breakpoint: breakpoint }: JsonObject): Cached {
  if (isCacheMark(own)) return { cache_control: own };
  if (!isObject(breakpoint)) return {};
  const { ttl } = breakpoint;
  return { cache_control: { type: 'ephemeral', ...(ttl === '5m' || ttl === '1h' ? { ttl } : {}) } };
}

/** Returns whether a value may be a cache mark. Anthropic checks its members, and may add some. */
const isCacheMark = (value: unknown): value is CacheControlEphemeral => isObject(value);
