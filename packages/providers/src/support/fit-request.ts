import type { UpstreamFailure } from '@sluice/protocol';
import type { ChatBody, FieldPath, ProviderAdapter } from '../adapter.ts';
import { findUnsupported } from './find-unsupported.ts';

export type Fitted =
  | {
      readonly kind: 'fits';
      readonly body: ChatBody;
      /** What was taken away, as in `messages[0].content[1]`. */
      readonly dropped: readonly string[];
    }
  | { readonly kind: 'unsupported'; readonly failure: UpstreamFailure };

export interface FitOptions {
  /** As the client names it. */
  readonly model: string;
  /** Take away what the provider can't do, instead of refusing the request. */
  readonly dropUnsupported: boolean;
}

/** Makes a request into one that the provider can serve as a whole, or says what stands against it. */
export function fitRequest(body: ChatBody, adapter: ProviderAdapter, options: FitOptions): Fitted {
  const paths = findUnsupported(body, adapter);
  const [first] = paths;
  if (first === undefined) return { kind: 'fits', body, dropped: [] };
  if (options.dropUnsupported) {
    return { kind: 'fits', body: withoutPaths(body, paths), dropped: paths.map(formatPath) };
  }
  const names = paths.map((path) => `"${formatPath(path)}"`).join(', ');
  return {
    kind: 'unsupported',
    failure: {
      kind: 'unsupported',
      message: `The model "${options.model}" does not support ${names}.`,
      param: formatPath(first),
    },
  };
}

const formatPath = (path: FieldPath): string =>
  path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');

/** Copies what is on the way to a path, and nothing else. */
function withoutPaths(body: ChatBody, paths: readonly FieldPath[]): ChatBody {
  const rest = without(body, paths);
  return typeof rest === 'object' && rest !== null ? (rest as ChatBody) : body;
}

function without(value: unknown, paths: readonly FieldPath[]): unknown {
  if (paths.length === 0 || typeof value !== 'object' || value === null) return value;
  const isGone = (key: string | number): boolean => paths.some((path) => path.length === 1 && path[0] === key);
  const below = (key: string | number): FieldPath[] =>
    paths.flatMap((path) => (path.length > 1 && path[0] === key ? [path.slice(1)] : []));
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, at) => (isGone(at) ? [] : [without(item, below(at))]));
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (isGone(key) ? [] : [[key, without(item, below(key))]])),
  );
}
