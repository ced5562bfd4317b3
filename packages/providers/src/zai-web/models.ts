/** Settings that the web page uses for a model. */
export interface WebModel {
  /** Name that clients use, in lower case. */
  readonly name: string;
  /** The backend's own name. */
  readonly model: string;
  /** Name that the page shows. Default: the backend's own name. */
  readonly title?: string | undefined;
  readonly thinking?: boolean | undefined;
  readonly search?: boolean | undefined;
  /** Set if it accepts images. */
  readonly vision?: boolean | undefined;
  /** Set if its chats must be created before the first question. */
  readonly persisted?: boolean | undefined;
  readonly preview?: boolean | undefined;
  /** The backend's own tools that are used with it. */
  readonly mcp_servers?: readonly string[] | undefined;
}

/** A model as used by one request. */
export interface WebTarget {
  readonly model: string;
  readonly title: string;
  readonly thinks: boolean;
  readonly searches: boolean;
  /** Undefined if unknown. */
  readonly hasVision: boolean | undefined;
  readonly isPersisted: boolean;
  readonly isPreview: boolean;
  readonly mcpServers: readonly string[];
}

const searchServer = 'deep-web-search';

/** Models last seen in use between 2025-09 and 2026-08; some may no longer exist. */
const knownModels: readonly WebModel[] = [
  { name: 'glm-4.5', model: '0727-360B-API', title: 'GLM-4.5' },
  { name: 'glm-4.5-air', model: '0727-106B-API', title: 'GLM-4.5-Air' },
  { name: 'glm-4.5v', model: 'glm-4.5v', title: 'GLM-4.5V', vision: true },
  { name: 'glm-4.6', model: 'GLM-4-6-API-V1', title: 'GLM-4.6' },
  {
    name: 'glm-4.6v',
    model: 'glm-4.6v',
    title: 'GLM-4.6V',
    vision: true,
    persisted: true,
    mcp_servers: ['vlm-image-search', 'vlm-image-recognition', 'vlm-image-processing'],
  },
  { name: 'glm-4.7', model: 'glm-4.7', title: 'GLM-4.7', persisted: true },
  { name: 'glm-5', model: 'glm-5', title: 'GLM-5', preview: true },
  { name: 'glm-5-turbo', model: 'GLM-5-Turbo', preview: true },
  { name: 'glm-5v-turbo', model: 'GLM-5v-Turbo', preview: true, vision: true },
  { name: 'glm-5.1', model: 'GLM-5.1' },
  { name: 'glm-5.2', model: 'glm-5.2', title: 'GLM-5.2' },
];

/**
 * Finds a model by name: in the operator's list, then in ours, then without a suffix `-thinking` or `-search`, which
 * turns on a feature. An unknown name is used as the backend's own.
 */
export function findModel(name: string, own: readonly WebModel[]): WebTarget {
  const lower = name.toLowerCase();
  const known = (wanted: string): WebModel | undefined =>
    [...own, ...knownModels].find((model) => model.name.toLowerCase() === wanted);
  const exact = known(lower);
  if (exact !== undefined) return toTarget(exact, '');
  const base = lower.replace(/(?:-(?:thinking|search))+$/, '');
  const switched = known(base);
  return switched === undefined
    ? toTarget({ name, model: name }, '', true)
    : toTarget(switched, lower.slice(base.length));
}

function toTarget(found: WebModel, suffix: string, isUnknown = false): WebTarget {
  const searches = found.search === true || suffix.includes('-search');
  return {
    model: found.model,
    title: found.title ?? found.model,
    // The page searches only with reasoning on.
    thinks: found.thinking === true || searches || suffix.includes('-thinking'),
    searches,
    hasVision: isUnknown ? undefined : found.vision === true,
    isPersisted: found.persisted === true,
    isPreview: found.preview === true,
    mcpServers: found.mcp_servers ?? (searches ? [searchServer] : []),
  };
}
