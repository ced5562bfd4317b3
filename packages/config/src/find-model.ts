import type { ClientKey, Config, ModelConfig, ModelTarget } from './config.ts';
import { compileGlob, isGlob } from './glob.ts';

type Matches = (name: string) => boolean;

/** Maximum number of names whose entry is cached. Globs take some microseconds to match, and clients use few models. */
const mostNames = 1000;

interface ModelIndex {
  /** Entries by id in lower case. */
  readonly exact: ReadonlyMap<string, ModelConfig>;
  readonly globs: readonly { readonly matches: Matches; readonly model: ModelConfig }[];
  /** Entries by the client's name, for names without an exact entry. */
  readonly found: Map<string, ModelConfig | undefined>;
}

/** Compiled globs by their list, because the lists of a configuration never change. */
const indexes = new WeakMap<readonly ModelConfig[], ModelIndex>();
const matchers = new WeakMap<readonly string[], readonly Matches[]>();

/**
 * Returns the entry that serves a model of this name: the one with exactly this id, else the first whose glob matches.
 * Case does not count.
 */
export function findModel(config: Pick<Config, 'models'>, name: string): ModelConfig | undefined {
  const index = indexOf(config);
  return index.exact.get(name.toLowerCase()) ?? recallByGlob(index, name);
}

/** Does the same as `findModel` for names that providers list: it does not cache them, as there may be thousands. */
export function findListedModel(config: Pick<Config, 'models'>, name: string): ModelConfig | undefined {
  const index = indexOf(config);
  return index.exact.get(name.toLowerCase()) ?? findByGlob(index, name);
}

const indexOf = ({ models }: Pick<Config, 'models'>): ModelIndex =>
  indexes.get(models) ?? remember(indexes, models, toIndex(models));

const findByGlob = ({ globs }: ModelIndex, name: string): ModelConfig | undefined =>
  globs.find(({ matches }) => matches(name))?.model;

function recallByGlob(index: ModelIndex, name: string): ModelConfig | undefined {
  const { globs, found } = index;
  if (globs.length === 0) return undefined;
  if (found.has(name)) return found.get(name);
  const model = findByGlob(index, name);
  // Clients choose the names, so the cache needs a limit.
  if (found.size >= mostNames) found.clear();
  found.set(name, model);
  return model;
}

/**
 * Returns whether clients may use models of this upstream that the configuration does not name: an entry with a glob has
 * a target there without `model`.
 */
export const isListed = ({ models }: Pick<Config, 'models'>, upstreamId: string): boolean =>
  models.some(({ id, targets }) => isGlob(id) && targets.some((target) => passesNamesOn(target, upstreamId)));

const passesNamesOn = ({ upstream, model }: ModelTarget, upstreamId: string): boolean =>
  upstream === upstreamId && model === undefined;

/** Returns whether a client with this key may use the model. The key's globs work as those of `findModel`. */
export function allowsModel({ models }: Pick<ClientKey, 'models'>, name: string): boolean {
  const matches = matchers.get(models) ?? remember(matchers, models, models.map(toMatcher));
  return matches.some((fits) => fits(name));
}

function remember<Key extends object, Value>(cache: WeakMap<Key, Value>, key: Key, value: Value): Value {
  cache.set(key, value);
  return value;
}

function toIndex(models: readonly ModelConfig[]): ModelIndex {
  return {
    exact: new Map(models.map((model) => [model.id.toLowerCase(), model])),
    globs: models.filter(({ id }) => isGlob(id)).map((model) => ({ matches: toMatcher(model.id), model })),
    found: new Map(),
  };
}

function toMatcher(pattern: string): Matches {
  if (pattern === '*') return () => true;
  if (!isGlob(pattern)) {
    const wanted = pattern.toLowerCase();
    return (name) => name.toLowerCase() === wanted;
  }
  return compileGlob(pattern);
}
