import type { ContentPart, JsonObject } from '@sluice/protocol';
import type { Dropped } from './dropped.ts';
import { onlyAnthropic } from './refusals.ts';
import type { Block, ResultBlock } from './request-schema.ts';

/** Part of a chat message, with members such as `cache_control` that OpenAI's protocol lacks. */
export type Part = ContentPart & JsonObject;

/** Facts for the translation of a whole request. */
export interface Translation {
  /**
   * An upstream of Anthropic may get the client's own request. Parts that no other upstream can serve are then kept in
   * their own form, so that the other upstreams refuse them, and not the gateway.
   */
  readonly isNative: boolean;
  readonly dropped: Dropped;
}

/** A block and its place: `messages[2].content[1]`. */
export interface Placed<Item> {
  readonly block: Item;
  readonly path: string;
}

/**
 * Translates a block that users and tools may send.
 * @throws GatewayError 400 for a kind that only Anthropic can serve
 */
export function toParts({ block, path }: Placed<Block | ResultBlock>, translation: Translation): readonly Part[] {
  switch (block.type) {
    case 'text':
      translation.dropped.rest(block, textMembers, 'messages.content.');
      return [{ type: 'text', text: block.text, ...marked(block) }];
    case 'image': {
      const { source } = block;
      translation.dropped.rest(block, imageMembers, 'messages.content.');
      if (source.type === 'base64') return [toImage(dataUrl(source), block)];
      if (source.type === 'url') return [toImage(source.url, block)];
      return foreign({ block, path: `${path}.source` }, translation, 'an image from this kind of source');
    }
    case 'document':
      return toDocument({ block, path }, translation);
    case 'search_result': {
      translation.dropped.rest(block, searchMembers, 'messages.content.');
      const texts = block.content.map(({ text }) => text);
      return [{ type: 'text', text: [block.title, block.source, ...texts].join('\n'), ...marked(block) }];
    }
    case 'tool_reference':
      return [{ type: 'text', text: `The tool ${block.tool_name} is available.` }];
    case 'compaction':
      return block.content == null ? [] : [{ type: 'text', text: block.content, ...marked(block) }];
    default:
      return foreign({ block, path }, translation, `a block of the type '${String(typeOf(block))}'`);
  }
}

const textMembers: ReadonlySet<string> = new Set(['type', 'text', 'cache_control']);
const imageMembers: ReadonlySet<string> = new Set(['type', 'source', 'cache_control']);
const searchMembers: ReadonlySet<string> = new Set(['type', 'source', 'title', 'content', 'cache_control']);

/** Refuses a block, or keeps it for upstreams of Anthropic: see {@link Translation}. */
function foreign({ block, path }: Placed<object>, { isNative }: Translation, what: string): readonly Part[] {
  if (!isNative) throw onlyAnthropic(path, what);
  return [block as Part];
}

export const typeOf = (block: object): unknown => ('type' in block ? block.type : undefined);

type DocumentBlock = Extract<Block, { type: 'document' }>;

function toDocument({ block, path }: Placed<DocumentBlock>, translation: Translation): readonly Part[] {
  const { source, title, context } = block;
  translation.dropped.rest(block, documentMembers, 'messages.content.');
  const about: Part[] = [title, context].flatMap((text) => (text == null || text === '' ? [] : [textPart(text)]));
  switch (source.type) {
    case 'base64':
      return [
        ...about.slice(title == null ? 0 : 1),
        {
          type: 'file',
          file: { file_data: dataUrl(source), filename: title ?? 'document.pdf' },
          ...marked(block),
        },
      ];
    case 'text':
      return [...about, { ...textPart(source.data), ...marked(block) }];
    case 'content': {
      const { content } = source;
      const parts =
        typeof content === 'string'
          ? [textPart(content)]
          : content.flatMap((each, at) => toParts({ block: each, path: `${path}.source.content[${at}]` }, translation));
      return [...about, ...markLast(parts, block)];
    }
    default:
      return foreign({ block, path: `${path}.source` }, translation, 'a document from this kind of source');
  }
}

const documentMembers: ReadonlySet<string> = new Set(['type', 'source', 'title', 'context', 'cache_control']);

const textPart = (text: string): Part => ({ type: 'text', text });

const toImage = (url: string, block: Marked): Part => ({ type: 'image_url', image_url: { url }, ...marked(block) });

interface Base64Source {
  readonly media_type: string;
  readonly data: string;
}

const dataUrl = ({ media_type: type, data }: Base64Source): string => `data:${type};base64,${data}`;

export interface Marked {
  readonly cache_control?: JsonObject | null | undefined;
}

/** Returns the cache mark of a block as a member for its part, message, call or tool. */
export const marked = ({ cache_control: mark }: Marked): { readonly cache_control?: JsonObject } =>
  mark == null ? {} : { cache_control: mark };

function markLast(parts: readonly Part[], block: Marked): readonly Part[] {
  return parts.map((part, at) => (at === parts.length - 1 ? { ...part, ...marked(block) } : part));
}

/** Returns a single text without a mark as a plain text: some servers accept no lists in some roles. */
export function toContent(parts: readonly Part[]): string | Part[] {
  const [only] = parts;
  const isPlain = parts.length === 1 && only?.type === 'text' && Object.keys(only).length === 2;
  return isPlain ? only.text : [...parts];
}
