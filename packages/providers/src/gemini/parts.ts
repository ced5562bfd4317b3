import type { ContentPart } from '@sluice/protocol';

/** A part of a content in Gemini's form. */
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

/** Returns the parts of a message's content. Unsupported parts are dropped; `findUnsupported` has reported them. */
export function toParts(content: Content): readonly Part[] {
  if (typeof content === 'string') return [{ text: content }];
  return (content ?? []).flatMap((part) => toPart(part) ?? []);
}

/** Converts a part; returns undefined if Gemini does not support it. */
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

/** Returns whether an image is in Google's own storage, which only the key opens: the worker can't fetch it. */
export const isStored = (url: string): boolean =>
  /^(?:gs:\/\/|https:\/\/generativelanguage\.googleapis\.com\/)/i.test(url);

/** Converts a URL. The worker has replaced URLs of other images by data URLs. */
function fromUrl(url: string): Part | undefined {
  return url.startsWith('data:') ? fromDataUrl(url) : { fileData: { fileUri: url } };
}

function fromDataUrl(url: string): Part | undefined {
  // The pattern is applied only to the head of a data URL: the rest may have megabytes.
  const comma = url.indexOf(',');
  const [, mimeType] = /^data:([^;,]+)(?:;[^;,]+)*;base64$/i.exec(url.slice(0, Math.max(0, comma))) ?? [];
  if (mimeType === undefined) return undefined;
  const type = mimeType.toLowerCase();
  return { inlineData: { mimeType: type === 'image/jpg' ? 'image/jpeg' : type, data: url.slice(comma + 1) } };
}

/** https://ai.google.dev/gemini-api/docs/image-understanding#supported-formats */
const imageTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif']);

/** Returns whether a part is an image in a format that Gemini can't read, such as GIF. */
export const isOddImage = ({ inlineData }: Part): boolean =>
  inlineData?.mimeType.startsWith('image/') === true && !imageTypes.has(inlineData.mimeType);
