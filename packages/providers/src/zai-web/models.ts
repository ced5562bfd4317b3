/** The settings that the web page switches on with a model. */
export interface WebModel {
  /** As clients name it, in lower case. */
  readonly name: string;
  /** The backend's own name. */
  readonly model: string;
  /** As the page shows it. Default: the backend's own name. */
  readonly title?: string | undefined;
  readonly thinking?: boolean | undefined;
  readonly search?: boolean | undefined;
  /** Takes images. */
  readonly vision?: boolean | undefined;
  /** Its chats are made before the first question. */
  readonly persisted?: boolean | undefined;
  readonly preview?: boolean | undefined;
  /** Tools of the backend's own that come with it. */
  readonly mcp_servers?: readonly string[] | undefined;
}

/** A model as one request uses it. */
export interface WebTarget {
  readonly model: string;
  readonly title: string;
  readonly thinks: boolean;
  readonly searches: boolean;
  /** Undefined where nobody says. */
  readonly hasVision: boolean | undefined;
  readonly isPersisted: boolean;
  readonly isPreview: boolean;
  readonly mcpServers: readonly string[];
}

const searchServer = 'deep-web-search';

/** Last seen in use between 2025-09 and 2026-08; whether all of them still answer, only the backend knows. */
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
 * Finds what a model's name stands for: in the operator's list, then in ours, then without its suffix `-thinking` or
 * `-search`, each of which switches something on. A name that nobody knows is the backend's own.
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
    // The page searches with thoughts alone.
    thinks: found.thinking === true || searches || suffix.includes('-thinking'),
    searches,
    hasVision: isUnknown ? undefined : found.vision === true,
    isPersisted: found.persisted === true,
    isPreview: found.preview === true,
    mcpServers: found.mcp_servers ?? (searches ? [searchServer] : []),
  };
}
