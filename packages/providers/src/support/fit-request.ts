import { type ChatBody, isObject, itemsOf, membersOf, respell, type UpstreamFailure } from '@sluice/protocol';
import type { FieldPath, ProviderAdapter } from '../adapter.ts';
import { findUnboundedArguments } from '../client-json.ts';
import { clientTextLimits } from '../parse-text.ts';
import { findUnsent } from './find-unsent.ts';
import { findUnsupported } from './find-unsupported.ts';

export type Fitted =
  | {
      readonly kind: 'fits';
      readonly body: ChatBody;
      /** Paths of removed fields, as in `messages[0].content[1]`; at most 20. */
      readonly dropped: readonly string[];
      /** Names of labels and hints that the provider does not get, without indices: `messages.content.cache_control`. */
      readonly unsent: readonly string[];
    }
  | { readonly kind: 'unsupported'; readonly failure: UpstreamFailure };

export interface FitOptions {
  /** Model name that the client used. */
  readonly model: string;
  /** Remove what the provider can't serve instead of refusing the request. */
  readonly dropUnsupported: boolean;
  /** Parameters that are always removed where the provider can't serve them. */
  readonly mayDrop?: readonly string[] | undefined;
}

/** Maximum number of unsupported fields that are named; a request may have a million. */
const mostNamed = 20;

/** Adapts a request so that the provider can serve all of it, or returns the reason why that is impossible. */
export function fitRequest(body: ChatBody, adapter: ProviderAdapter, options: FitOptions): Fitted {
  const unbounded = adapter.readsArguments === true ? findUnboundedArguments(body) : undefined;
  if (unbounded !== undefined) return { kind: 'unsupported', failure: outOfBounds(unbounded) };
  const found = findUnsupported(body, adapter);
  // A part whose removal would leave an empty request is never dropped.
  const { dropUnsupported, mayDrop = [] } = options;
  const asked = found.filter((path) => path.length > 1 || !mayDrop.includes(String(path[0])));
  const paths = dropUnsupported ? asked.filter(isEssentialTo(body, asked)) : asked;
  const [first] = paths;
  if (first === undefined) {
    const fitted = withoutPaths(body, found);
    return {
      kind: 'fits',
      body: fitted,
      dropped: found.slice(0, mostNamed).map(formatPath),
      unsent: findUnsent(fitted, adapter.capabilities),
    };
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

function outOfBounds(path: FieldPath): UpstreamFailure {
  const { maxDepth, maxElements, maxLength } = clientTextLimits;
  const param = formatPath(path);
  const most = `${maxDepth} levels, ${maxElements} elements and ${maxLength} characters`;
  return { kind: 'invalid_request', message: `The JSON in "${param}" is larger than ${most}.`, param };
}

/** Returns whether a path is the subject of a request or belongs to the last parts of a message. */
function isEssentialTo(body: ChatBody, paths: readonly FieldPath[]): (path: FieldPath) => boolean {
  const partsGone = new Map<string | number | undefined, number>();
  for (const path of paths) {
    if (isPart(path)) partsGone.set(path[1], (partsGone.get(path[1]) ?? 0) + 1);
  }
  const emptied = new Set([...partsGone].filter(([at, gone]) => gone === partCount(body, at)).map(([at]) => at));
  return (path) => (path.length === 1 && subjects.has(path[0])) || (isPart(path) && emptied.has(path[1]));
}

const subjects: ReadonlySet<string | number | undefined> = new Set(['messages', 'input']);
const isPart = (path: FieldPath): boolean => path.length === 4 && path[0] === 'messages' && path[2] === 'content';

function partCount({ messages }: ChatBody, at: string | number | undefined): number {
  const message = typeof at === 'number' ? itemsOf(messages)[at] : undefined;
  return itemsOf(membersOf(message)['content']).length;
}

/** Maximum length of a field name in messages; clients may choose names of any length. */
const longestName = 100;
const shorten = (name: string): string => (name.length > longestName ? `${name.slice(0, longestName)}…` : name);

const formatPath = (path: FieldPath): string =>
  path.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${shorten(step)}`)).join('');

/** Removes paths; copies only the objects on the way to them. */
function withoutPaths(body: ChatBody, paths: readonly FieldPath[]): ChatBody {
  if (paths.length === 0) return body;
  const rest = without(body, paths);
  return isObject(rest) ? rest : body;
}

function without(value: unknown, paths: readonly FieldPath[]): unknown {
  if (paths.length === 0) return value;
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
  if (!isObject(value)) return value;
  const left = Object.entries(value).flatMap(([key, item]): [string, unknown][] =>
    isGone(key) ? [] : [[key, without(item, below(key))]],
  );
  return respell(Object.fromEntries(left), value);
}
