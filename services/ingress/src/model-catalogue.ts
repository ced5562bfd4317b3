import { findListedModel, type IngressConfig, isGlob, isListed } from '@sluice/config';
import type { ModelListReader } from '@sluice/relay';

/** A model that can be shown to clients. */
export interface NamedModel {
  readonly id: string;
  /** Id of an upstream that serves it. */
  readonly ownedBy: string;
}

/** The models by their names: those of the configuration, and what the upstreams tell of those that its globs cover. */
export interface ModelCatalogue {
  /** In the order of the configuration; what a glob covers by name. Never rejects, and takes 2 s at most. */
  list(): Promise<readonly NamedModel[]>;
}

export interface CatalogueNeeds {
  readonly config: Pick<IngressConfig, 'models' | 'upstreams'>;
  readonly lists: ModelListReader;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** This process reads a list again after so long. */
const cachedMs = 5000;
/** For lists that nobody has yet: then the answer leaves them out. */
const patienceMs = 2000;
const lookEveryMs = 50;
/** An upstream that has told nothing is not waited for again so soon. */
const impatienceMs = 60_000;

type Names = ReadonlyMap<string, readonly string[]>;

export function createModelCatalogue({ config, lists, onError, now }: CatalogueNeeds): ModelCatalogue {
  const upstreams = config.upstreams.filter(({ id }) => isListed(config, id));
  const silentSince = new Map<string, number>();
  let known: Names = new Map();
  let cached = toModels(config, known);
  let readAt = -Infinity;
  /** Settles when the lists were read, and after `patienceMs` at the latest. */
  let reading: Promise<void> | undefined;

  const isAwaited = (id: string): boolean =>
    !known.has(id) && now() - (silentSince.get(id) ?? -Infinity) > impatienceMs;

  /** To match thousands of names against the globs takes a while, in which the ingress serves nobody. */
  function learn(names: Names): void {
    if (isSame(names, known)) return;
    known = names;
    cached = toModels(config, known);
  }

  /** Reads until every upstream has told its models, or has been waited for. */
  async function read(until: number): Promise<void> {
    await lists.want();
    while (now() < until) {
      const found = await Promise.all(
        upstreams.map(async (upstream) => [upstream.id, await lists.read(upstream)] as const),
      );
      learn(new Map(found.flatMap(([id, names]) => (names === undefined ? [] : [[id, names]]))));
      if (!upstreams.some(({ id }) => isAwaited(id))) break;
      await pause(lookEveryMs);
    }
    for (const { id } of upstreams) if (isAwaited(id)) silentSince.set(id, now());
  }

  /** All who ask meanwhile wait for the same reading, and for one timer. */
  async function begin(): Promise<void> {
    const reads = read(now() + patienceMs)
      .catch(onError)
      .finally(() => {
        readAt = now();
        reading = undefined;
      });
    await Promise.race([reads, pause(patienceMs)]);
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

/** Does not keep a process alive that wants to stop. */
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
