import {
  type ChatBody,
  type ChatMessage,
  type ContentPart,
  isObject,
  type Operation,
  type UpstreamFailure,
} from '@sluice/protocol';
import type { ProviderAdapter } from '@sluice/providers';
import type { FetchedImage, ImageFetcher } from '@sluice/upstream';

export type LoadedImages =
  | { readonly kind: 'ready'; readonly body: ChatBody }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** Maximum number of fetched images per request. */
const mostImages = 100;
/** Maximum size of all images of a request, in base64 characters: providers take little more in one request. */
const mostCharacters = 64 * 1024 * 1024;
/** Number of a request's images that are fetched at once. The fetcher limits the size of each. */
const atOnce = 4;

/** The position of an image in a request. */
interface FoundImage {
  readonly message: number;
  readonly part: number;
  readonly url: string;
}

interface LoadOptions {
  readonly operation: Operation;
  readonly adapter: ProviderAdapter;
  readonly fetcher: Pick<ImageFetcher, 'fetch'>;
  readonly signal: AbortSignal;
}

export interface RememberedImages extends Pick<ImageFetcher, 'fetch'> {
  /** Releases the memory of all images. */
  close(): void;
}

/** Fetches each image once for all attempts of a run. Its memory counts until the run is over. */
export function rememberImages(fetcher: Pick<ImageFetcher, 'fetch'>, signal: AbortSignal): RememberedImages {
  const known = new Map<string, FetchedImage>();
  const kept: (() => void)[] = [];
  return {
    async fetch(url, either) {
      const before = known.get(url);
      if (before !== undefined) return before;
      const fetched = await fetcher.fetch(url, AbortSignal.any([signal, either]), (giveBack) => kept.push(giveBack));
      // A fetch that was aborted because of another image has no result; one without memory may succeed later.
      if (!either.aborted && fetched.kind !== 'busy') known.set(url, fetched);
      return fetched;
    },
    close() {
      for (const giveBack of kept.splice(0)) giveBack();
    },
  };
}

/** Returns whether the provider needs the bytes of images that the request names by URL. */
export function needsImages(operation: Operation, { capabilities: { images } }: ProviderAdapter): boolean {
  // In a request for embeddings `messages` is an unknown field of any form.
  return operation !== 'embeddings' && !images.includes('https') && images.includes('data');
}

/** Puts the bytes of images into a request if the provider does not fetch images itself. Never rejects. */
export async function loadImages(body: ChatBody, options: LoadOptions): Promise<LoadedImages> {
  const { operation, adapter, fetcher, signal } = options;
  if (!needsImages(operation, adapter)) return { kind: 'ready', body };
  const found = findWebImages(body).filter(({ url }) => adapter.takesImage?.(url) !== true);
  if (found.length === 0) return { kind: 'ready', body };
  const distinct = [...new Map(found.map((image) => [image.url, image])).values()];
  const [tooMany] = distinct.slice(mostImages);
  if (tooMany !== undefined) return refuse(tooMany, `is one of more than ${mostImages}`);
  const fetched = await fetchAll(distinct, { fetcher, signal });
  if (fetched.kind === 'failed') return fetched;
  return { kind: 'ready', body: withDataUrls(body, fetched.dataUrls) };
}

type FetchedAll =
  | { readonly kind: 'ready'; readonly dataUrls: ReadonlyMap<string, string> }
  | Extract<LoadedImages, { kind: 'failed' }>;

/** Fetches images; returns their data URLs by URL. The first image that can't be fetched ends the work on the others. */
async function fetchAll(
  images: readonly FoundImage[],
  { fetcher, signal }: Pick<LoadOptions, 'fetcher' | 'signal'>,
): Promise<FetchedAll> {
  const dataUrls = new Map<string, string>();
  const waiting = images.values();
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let characters = 0;
  let failed: FetchedAll | undefined;

  async function work(): Promise<void> {
    for (const image of waiting) {
      const fetched = await fetcher.fetch(image.url, either);
      if (failed !== undefined) return;
      if (fetched.kind === 'image') characters += fetched.base64.length;
      if (fetched.kind === 'busy') failed = { kind: 'failed', failure: busy };
      else if (fetched.kind === 'refused') failed = refuse(image, fetched.reason);
      else if (characters > mostCharacters) failed = refuse(image, 'is too large, together with the images before it');
      else dataUrls.set(image.url, `data:${fetched.mediaType};base64,${fetched.base64}`);
      if (failed !== undefined) return stop.abort();
    }
  }

  await Promise.all(Array.from({ length: atOnce }, work));
  return failed ?? { kind: 'ready', dataUrls };
}

const busy: UpstreamFailure = {
  kind: 'busy',
  message: 'The gateway has no memory for another image at the moment. Try again later.',
};

const refuse = (image: FoundImage, reason: string): Extract<LoadedImages, { kind: 'failed' }> => ({
  kind: 'failed',
  failure: failureOf(image, reason),
});

function failureOf({ message, part }: FoundImage, reason: string): UpstreamFailure {
  return {
    kind: 'invalid_request',
    message: `The image at this URL ${reason}.`,
    code: 'invalid_image_url',
    param: `messages[${message}].content[${part}].image_url.url`,
  };
}

function findWebImages({ messages }: ChatBody): FoundImage[] {
  return (messages ?? []).flatMap(({ content }, at) =>
    partsOf(content).flatMap((part, partAt) => {
      const url = webImageOf(part);
      return url === undefined ? [] : [{ message: at, part: partAt, url }];
    }),
  );
}

/** The URL of an image that the request refers to; undefined for an image inside the request. */
function webImageOf(part: ContentPart): string | undefined {
  if (part.type !== 'image_url' || !isObject(part.image_url)) return undefined;
  const { url } = part.image_url;
  return typeof url === 'string' && !url.startsWith('data:') ? url : undefined;
}

const partsOf = (content: ChatMessage['content']): readonly ContentPart[] => (Array.isArray(content) ? content : []);

function withDataUrls(body: ChatBody, dataUrls: ReadonlyMap<string, string>): ChatBody {
  const messages = (body.messages ?? []).map((message): ChatMessage => {
    if (!Array.isArray(message.content)) return message;
    const content = message.content.map((part): ContentPart => {
      const named = webImageOf(part);
      const url = named === undefined ? undefined : dataUrls.get(named);
      if (url === undefined || part.type !== 'image_url') return part;
      return { ...part, image_url: { ...part.image_url, url } };
    });
    return { ...message, content };
  });
  return { ...body, messages };
}
