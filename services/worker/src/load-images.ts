import type { UpstreamFailure } from '@sluice/protocol';
import type { ChatBody, ProviderAdapter } from '@sluice/providers';
import type { ImageFetcher } from '@sluice/upstream';

export type LoadedImages =
  | { readonly kind: 'ready'; readonly body: ChatBody }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** Where a picture stands in a request. */
interface FoundImage {
  readonly message: number;
  readonly part: number;
  readonly url: string;
}

interface LoadOptions {
  readonly adapter: ProviderAdapter;
  readonly fetcher: ImageFetcher;
  readonly signal: AbortSignal;
}

/** Puts the bytes of pictures into a request for a provider that does not fetch them itself. Never rejects. */
export async function loadImages(body: ChatBody, { adapter, fetcher, signal }: LoadOptions): Promise<LoadedImages> {
  const { images } = adapter.capabilities;
  if (images.includes('https') || !images.includes('data')) return { kind: 'ready', body };
  const found = findWebImages(body);
  if (found.length === 0) return { kind: 'ready', body };
  const loaded = await Promise.all(
    found.map(async (image) => ({ image, fetched: await fetcher.fetch(image.url, signal) })),
  );
  const dataUrls = new Map<string, string>();
  for (const { image, fetched } of loaded) {
    if (fetched.kind === 'refused') return { kind: 'failed', failure: failureOf(image, fetched.reason) };
    dataUrls.set(keyOf(image.message, image.part), `data:${fetched.mediaType};base64,${fetched.base64}`);
  }
  return { kind: 'ready', body: withDataUrls(body, dataUrls) };
}

const keyOf = (message: number, part: number): string => `${message}.${part}`;

function failureOf({ message, part }: FoundImage, reason: string): UpstreamFailure {
  return {
    kind: 'invalid_request',
    message: `The image at this URL ${reason}.`,
    code: 'invalid_image_url',
    param: `messages[${message}].content[${part}].image_url.url`,
  };
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const partsOf = (message: unknown): readonly unknown[] => (isObject(message) ? listOf(message['content']) : []);

function findWebImages({ messages }: ChatBody): FoundImage[] {
  return listOf(messages).flatMap((message, at) =>
    partsOf(message).flatMap((part, partAt) => {
      const image = isObject(part) && part['type'] === 'image_url' ? part['image_url'] : undefined;
      const url = isObject(image) ? image['url'] : undefined;
      return typeof url === 'string' && !url.startsWith('data:') ? [{ message: at, part: partAt, url }] : [];
    }),
  );
}

function withDataUrls(body: ChatBody, dataUrls: ReadonlyMap<string, string>): ChatBody {
  const messages = listOf(body['messages']).map((message, at) => {
    if (!isObject(message) || !Array.isArray(message['content'])) return message;
    const content = message['content'].map((part: unknown, partAt) => {
      const url = dataUrls.get(keyOf(at, partAt));
      if (url === undefined || !isObject(part)) return part;
      return { ...part, image_url: { ...(part['image_url'] as Json), url } };
    });
    return { ...message, content };
  });
  return { ...body, messages };
}
