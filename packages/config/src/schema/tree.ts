import { z } from 'zod';
import { settings } from './settings.ts';

/** A setting as data: JSON Schema with `x-wants` (its type in words) and `x-default` (a default that is not constant). */
export type SettingNode = z.core.JSONSchema.JSONSchema;

/** Returns the tree of {@link settings} as data, for docs, editors and messages. */
export const settingsTree = (): SettingNode => (tree ??= z.toJSONSchema(settings, { target: 'draft-07', io: 'input' }));

let tree: SettingNode | undefined;

/** Returns the names of the settings of the mapping at a path; empty if the path has no mapping. */
export function settingNames(path: readonly PropertyKey[]): readonly string[] {
  let nodes: readonly SettingNode[] = [settingsTree()];
  for (const step of path) nodes = nodes.flatMap((node) => below(node, step));
  return nodes.flatMap(branches).flatMap(({ properties }) => Object.keys(properties ?? {}));
}

function below(node: SettingNode, step: PropertyKey): readonly SettingNode[] {
  return branches(node).flatMap(({ properties, items }) => {
    const next = typeof step === 'number' ? items : properties?.[String(step)];
    return typeof next === 'object' && !Array.isArray(next) ? [next] : [];
  });
}

/** Returns the alternatives of a node, or the node itself. */
export const branches = (node: SettingNode): readonly SettingNode[] =>
  (node.anyOf ?? [node]).filter((branch) => typeof branch === 'object');
