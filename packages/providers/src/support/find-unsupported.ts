import { type ChatBody, isObject, itemsOf, membersOf } from '@sluice/protocol';
import type { FieldPath, ProviderAdapter } from '../adapter.ts';
import { type Capabilities, labels } from '../capabilities.ts';

/** Parameters that every provider supports or the adapter handles. */
const universal: ReadonlySet<string> = new Set(['model', 'messages', 'input', 'stream', 'stream_options']);

const labelNames: ReadonlySet<string> = new Set(labels);

/** Values that equal the default behaviour. */
const neutral: ReadonlyMap<string, readonly unknown[]> = new Map<string, readonly unknown[]>([
  ['encoding_format', ['float']],
  ['n', [1]],
  ['frequency_penalty', [0]],
  ['presence_penalty', [0]],
  ['parallel_tool_calls', [true]],
  ['service_tier', ['auto', 'default']],
  ['tool_choice', ['auto', 'none']],
  ['function_call', ['auto', 'none']],
]);

/** Returns the paths of everything in a request that the provider can't serve, each once. */
export function findUnsupported(body: ChatBody, adapter: ProviderAdapter): FieldPath[] {
  const { capabilities } = adapter;
  return withoutRepeated([
    ...unsupportedParameters(body, capabilities),
    ...unsupportedParts(body['messages'], capabilities),
    ...(adapter.findUnsupported?.(body) ?? []),
  ]);
}

function withoutRepeated(paths: FieldPath[]): FieldPath[] {
  if (paths.length < 2) return paths;
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
}

function unsupportedParameters(body: ChatBody, { parameters }: Capabilities): FieldPath[] {
  if (parameters === 'any') return [];
  return Object.entries(body).flatMap(([name, value]) => {
    const isFine =
      universal.has(name) || labelNames.has(name) || parameters.has(name) || asksForNothing(name, value, body);
    return isFine ? [] : [[name]];
  });
}

/** Returns whether a parameter asks only for the default behaviour. */
export function asksForNothing(name: string, value: unknown, { tool_choice: choice }: ChatBody): boolean {
  if (name === 'tools' && choice === 'none') return true;
  // `parallel_tool_calls: false` asks for more than the default.
  if (value === false) return name !== 'parallel_tool_calls';
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0 || (name === 'modalities' && value.join() === 'text');
  if (isObject(value)) {
    // Even an empty object asks for a search.
    if (name === 'web_search_options') return false;
    return Object.keys(value).length === 0 || (name === 'response_format' && value['type'] === 'text');
  }
  return neutral.get(name)?.includes(value) ?? false;
}

/** Returns unsupported parts. In a request for embeddings `messages` is an unknown field of any form. */
function unsupportedParts(messages: unknown, capabilities: Capabilities): FieldPath[] {
  return itemsOf(messages).flatMap((message, at) =>
    itemsOf(membersOf(message)['content']).flatMap((part, partAt): FieldPath[] =>
      isSupportedPart(part, capabilities) ? [] : [['messages', at, 'content', partAt]],
    ),
  );
}

function isSupportedPart(part: unknown, { images, media }: Capabilities): boolean {
  const { type, image_url: image } = membersOf(part);
  if (type === 'image_url') return isSupportedImage(image, images);
  if (type === 'input_audio' || type === 'file') return media.includes(type);
  return true;
}

function isSupportedImage(image: unknown, images: Capabilities['images']): boolean {
  const url = isObject(image) ? image['url'] : image;
  if (typeof url === 'string' && url.startsWith('data:')) return images.includes('data');
  // The worker fetches the image for providers that need its bytes.
  return images.length > 0;
}
