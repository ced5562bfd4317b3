/** A model's name, and what its name asks for. */
export interface ModelSwitches {
  /** The API's own name of it. */
  readonly model: string;
  /** The name ends with `-thinking`. */
  readonly thinks: boolean;
  /** The name ends with `-search`. */
  readonly searches: boolean;
  /** Undefined for names that tell none. */
  readonly generation: Generation | undefined;
}

/** As in GLM-4.5: 4 and 5. */
interface Generation {
  readonly major: number;
  readonly minor: number;
  readonly hasVision: boolean;
}

const versioned = /^glm-(?<major>\d+)(?:\.(?<minor>\d+))?(?<vision>v)?(?![\d.])/;

/**
 * Takes the suffixes off a model's name that the API itself does not know: `glm-4.5-thinking` and `glm-4.5-search` are
 * `glm-4.5` with something switched on. Only the models from GLM-4.5 on have these switches; `glm-4.1v-thinking-flash`
 * and the like are names of their own.
 */
export function readModelName(name: string): ModelSwitches {
  const lower = name.toLowerCase();
  const { major, minor, vision } = versioned.exec(lower)?.groups ?? {};
  if (major === undefined) return { model: name, thinks: false, searches: false, generation: undefined };
  const generation = { major: Number(major), minor: Number(minor ?? 0), hasVision: vision !== undefined };
  if (!isAtLeast(generation, 4, 5)) return { model: name, thinks: false, searches: false, generation };
  const model = lower.replace(/(?:-(?:thinking|search))+$/, '');
  const suffix = lower.slice(model.length);
  return { model, thinks: suffix.includes('-thinking'), searches: suffix.includes('-search'), generation };
}

/** Returns whether the generation is this one or a later one. */
export const isAtLeast = (generation: Generation | undefined, major: number, minor: number): boolean =>
  generation !== undefined && (generation.major > major || (generation.major === major && generation.minor >= minor));
