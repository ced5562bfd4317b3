import type { UpstreamFailure } from '@sluice/protocol';
import type { ChatBody, FieldPath, ProviderAdapter } from '../adapter.ts';
import { findUnsupported } from './find-unsupported.ts';

export type Fitted =
  | {
      readonly kind: 'fits';
      readonly body: ChatBody;
      /** What was taken away, as in `messages[0].content[1]`; the first of it where that is much. */
      readonly dropped: readonly string[];
    }
  | { readonly kind: 'unsupported'; readonly failure: UpstreamFailure };

export interface FitOptions {
  /** As the client names it. */
  readonly model: string;
  /** Take away what the provider can't do, instead of refusing the request. */
  readonly dropUnsupported: boolean;
}

/** So many of what is not supported are named: there may be a million. */
const mostNamed = 20;

/** Makes a request into one that the provider can serve as a whole, or says what stands against it. */
export function fitRequest(body: ChatBody, adapter: ProviderAdapter, options: FitOptions): Fitted {
  const paths = findUnsupported(body, adapter);
  const [first] = paths;
  if (first === undefined) return { kind: 'fits', body, dropped: [] };
  if (options.dropUnsupported) {
    return { kind: 'fits', body: withoutPaths(body, paths), dropped: paths.slice(0, mostNamed).map(formatPath) };
  }
  const names = paths.slice(0, mostNamed).map((path) => `"${formatPath(path)}"`);
  const more = paths.length > mostNamed ? ` and ${paths.length - mostNamed} more` : '';
  return {
    kind: 'unsupported',
    failure: {
      kind: 'unsupported',
      message: `The model "${options.model}" does not support ${names.join(', ')}${more}.`,
      param: formatPath(first),
    },
  };
}

/** Clients make up names of any length. */
const longestName = 100;
const shorten = (name: string): string => (name.length > longestName ? `${name.slice(0, longestName)}…` : name);

const formatPath = (path: FieldPath): string =>
  path.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${shorten(step)}`)).join('');

/** Copies what is on the way to a path, and nothing else. */
function withoutPaths(body: ChatBody, paths: readonly FieldPath[]): ChatBody {
  const rest = without(body, paths);
  return typeof rest === 'object' && rest !== null ? (rest as ChatBody) : body;
}

function without(value: unknown, paths: readonly FieldPath[]): unknown {
  if (paths.length === 0 || typeof value !== 'object' || value === null) return value;
  const gone = new Set<string | number>();
  const deeper = new Map<string | number, FieldPath[]>();
  for (const [key, ...rest] of paths) {
    if (key === undefined) continue;
    const known = deeper.get(key);
    if (rest.length === 0) gone.add(key);
    else if (known === undefined) deeper.set(key, [rest]);
    else known.push(rest);
  }
  const isGone = (key: string | number): boolean => gone.has(key);
  const below = (key: string | number): readonly FieldPath[] => deeper.get(key) ?? [];
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, at) => (isGone(at) ? [] : [without(item, below(at))]));
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (isGone(key) ? [] : [[key, without(item, below(key))]])),
  );
}
