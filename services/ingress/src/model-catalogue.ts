import { findListedModel, type IngressConfig, isGlob, isListed } from '@sluice/config';
import type { ModelListReader } from '@sluice/relay';

/** A model in the list that clients get. */
export interface NamedModel {
  readonly id: string;
  /** Id of an upstream that serves it. */
  readonly ownedBy: string;
}

/** The models by name: those of the configuration, and those that its globs cover, as the upstreams list them. */
export interface ModelCatalogue {
  /** In the order of the configuration; models of one glob by name. Never rejects, and takes at most 2 s. */
  list(): Promise<readonly NamedModel[]>;
}

export interface CatalogueNeeds {
  readonly config: Pick<IngressConfig, 'models' | 'upstreams'>;
  readonly lists: ModelListReader;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Age at which this process reads the lists again. */
const cachedMs = 5000;
/** Time limit for lists that no process has read yet; after it, the answer leaves them out. */
const maxWaitMs = 2000;
/** Poll interval of that wait. */
const pollEveryMs = 50;
/** Time in which no request waits again for an upstream that gave no list. */
const skipSilentMs = 60_000;

type Names = ReadonlyMap<string, readonly string[]>;

export function createModelCatalogue({ config, lists, onError, now }: CatalogueNeeds): ModelCatalogue {
  const upstreams = config.upstreams.filter(({ id }) => isListed(config, id));
  const silentSince = new Map<string, number>();
  let known: Names = new Map();
  let cached = toModels(config, known);
  let readAt = -Infinity;
  /** Settles when the lists have been read, and after `maxWaitMs` at the latest. */
  let reading: Promise<void> | undefined;

  const isAwaited = (id: string): boolean =>
    !known.has(id) && now() - (silentSince.get(id) ?? -Infinity) > skipSilentMs;

  /** Matches only lists that have changed: thousands of names against the globs block the event loop. */
  function learn(names: Names): void {
    if (isSame(names, known)) return;
    known = names;
    cached = toModels(config, known);
  }

  /** Reads until every upstream has given its list, or its time is over. */
  async function read(until: number): Promise<void> {
    await lists.want();
    while (now() < until) {
      const found = await Promise.all(
        upstreams.map(async (upstream) => [upstream.id, await lists.read(upstream)] as const),
      );
      learn(new Map(found.flatMap(([id, names]) => (names === undefined ? [] : [[id, names]]))));
      if (!upstreams.some(({ id }) => isAwaited(id))) break;
      await pause(pollEveryMs);
    }
    for (const { id } of upstreams) if (isAwaited(id)) silentSince.set(id, now());
  }

  /** Starts one reading, with one timer, for all requests that come in the meantime. */
  async function begin(): Promise<void> {
    const reads = read(now() + maxWaitMs)
      .catch(onError)
      .finally(() => {
        readAt = now();
        reading = undefined;
      });
    await Promise.race([reads, pause(maxWaitMs)]);
  }

  return {
    async list() {
      if (upstreams.length > 0 && now() - readAt > cachedMs) {
        reading ??= begin();
        await reading;
      }
      return cached;
    },
  };
}

/** The timer does not keep a stopping process alive. */
const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms).unref());

const isSame = (some: Names, others: Names): boolean =>
  some.size === others.size && [...some].every(([id, names]) => hasSameNames(names, others.get(id)));

const hasSameNames = (some: readonly string[], others: readonly string[] = []): boolean =>
  some.length === others.length && some.every((name, at) => name === others[at]);

function toModels(config: Pick<IngressConfig, 'models'>, known: Names): readonly NamedModel[] {
  const seen = new Set<string>();
  const isNew = ({ id }: NamedModel): boolean => {
    const name = id.toLowerCase();
    return !seen.has(name) && seen.add(name) !== undefined;
  };
  return config.models.flatMap((entry) => namesOf(config, entry, known)).filter(isNew);
}

function namesOf(
  config: Pick<IngressConfig, 'models'>,
  entry: IngressConfig['models'][number],
  known: Names,
): readonly NamedModel[] {
  const { id, targets } = entry;
  if (!isGlob(id)) return [{ id, ownedBy: targets[0]?.upstream ?? 'sluice' }];
  return targets
    .filter(({ model }) => model === undefined)
    .flatMap(({ upstream }) => (known.get(upstream) ?? []).map((name) => ({ id: name, ownedBy: upstream })))
    .filter((model) => findListedModel(config, model.id) === entry)
    .toSorted((one, other) => (one.id < other.id ? -1 : Number(one.id > other.id)));
}
