/** A model's name and the features that the name turns on. */
export interface ModelSwitches {
  /** The API's own name of the model. */
  readonly model: string;
  /** True if the name ends with `-thinking`. */
  readonly thinks: boolean;
  /** True if the name ends with `-search`. */
  readonly searches: boolean;
  /** Undefined if the name contains no version. */
  readonly generation: Generation | undefined;
}

/** Version, as in GLM-4.5: 4 and 5. */
interface Generation {
  readonly major: number;
  readonly minor: number;
  readonly hasVision: boolean;
}

const versioned = /^glm-(?<major>\d+)(?:\.(?<minor>\d+))?(?<vision>v)?(?![\d.])/;

/**
 * Removes the suffixes that the API does not support: `glm-4.5-thinking` and `glm-4.5-search` are `glm-4.5` with a
 * feature turned on. Only models from GLM-4.5 on have these features; `glm-4.1v-thinking-flash` and similar are names
 * of models.
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
