import { z } from 'zod';
import { settings } from './settings.ts';

/** A setting as data: JSON Schema, with `x-wants` (its type in words) and `x-default` (a default that is no constant). */
export type SettingNode = z.core.JSONSchema.JSONSchema;

/** The tree of {@link settings} as data, for docs, editors and messages. */
export const settingsTree = (): SettingNode => (tree ??= z.toJSONSchema(settings, { target: 'draft-07', io: 'input' }));

let tree: SettingNode | undefined;

/** The settings that a mapping at this path may have; empty if there is no such mapping. */
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

/** The node itself, or the alternatives that it consists of. */
export const branches = (node: SettingNode): readonly SettingNode[] =>
  (node.anyOf ?? [node]).filter((branch) => typeof branch === 'object');
