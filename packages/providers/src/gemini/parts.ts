import type { ContentPart } from '@sluice/protocol';

/** A piece of a content, as Gemini takes it. */
export interface Part {
  readonly text?: string;
  readonly inlineData?: InlineData;
  readonly fileData?: { readonly fileUri: string };
  readonly functionCall?: { readonly id?: string; readonly name: string; readonly args: object };
  readonly functionResponse?: FunctionResponse;
  readonly thoughtSignature?: string;
}

export interface FunctionResponse {
  readonly id: string;
  readonly name: string;
  readonly response: object;
  readonly parts?: readonly Part[];
}

interface InlineData {
  readonly mimeType: string;
  /** Base64. */
  readonly data: string;
}

type Content = string | readonly ContentPart[] | null | undefined;

/** The parts of a message's content. What can't be one is left out: `findUnsupported` has named it. */
export function toParts(content: Content): readonly Part[] {
  if (typeof content === 'string') return [{ text: content }];
  return (content ?? []).flatMap((part) => toPart(part) ?? []);
}

/** Undefined for a piece that Gemini can't take. */
export function toPart(part: ContentPart): Part | undefined {
  switch (part.type) {
    case 'text':
      return { text: part.text };
    case 'refusal':
      return { text: part.refusal };
    case 'image_url':
      return fromUrl(part.image_url.url);
    case 'input_audio':
      return { inlineData: { mimeType: `audio/${part.input_audio.format}`, data: part.input_audio.data } };
    case 'file':
      return part.file.file_data === undefined ? undefined : fromDataUrl(part.file.file_data);
    default:
      return undefined;
  }
}

/** Images in Google's own stores, which open to the key alone: nobody else could fetch them. */
export const isStored = (url: string): boolean =>
  /^(?:gs:\/\/|https:\/\/generativelanguage\.googleapis\.com\/)/i.test(url);

/** Of images elsewhere, the worker has put the bytes here. */
function fromUrl(url: string): Part | undefined {
  return url.startsWith('data:') ? fromDataUrl(url) : { fileData: { fileUri: url } };
}

function fromDataUrl(url: string): Part | undefined {
  // Of a data URL, only its head is matched: the rest may be megabytes.
  const comma = url.indexOf(',');
  const [, mimeType] = /^data:([^;,]+)(?:;[^;,]+)*;base64$/i.exec(url.slice(0, Math.max(0, comma))) ?? [];
  if (mimeType === undefined) return undefined;
  const type = mimeType.toLowerCase();
  return { inlineData: { mimeType: type === 'image/jpg' ? 'image/jpeg' : type, data: url.slice(comma + 1) } };
}

/** https://ai.google.dev/gemini-api/docs/image-understanding#supported-formats */
const imageTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif']);

/** Returns whether a part is an image of a kind that Gemini can't read, such as a GIF. */
export const isOddImage = ({ inlineData }: Part): boolean =>
  inlineData?.mimeType.startsWith('image/') === true && !imageTypes.has(inlineData.mimeType);
