import { code } from './markdown.ts';
import { branches, type SettingNode, settingsTree } from '../schema/tree.ts';

/** One setting in the documentation. */
export interface SettingRow {
  /** As in `keys[].limits.rpm`. */
  readonly path: string;
  readonly type: string;
  readonly standard: string;
  readonly meaning: string;
}

/** A section of the file with all its settings. */
export interface SettingSection {
  readonly name: string;
  readonly meaning: string;
  readonly rows: readonly SettingRow[];
}

/** Returns the sections of the file, in the order of the tree. */
export function settingSections(): SettingSection[] {
  return Object.entries(settingsTree().properties ?? {}).map(([name, node]) => ({
    name,
    meaning: (typeof node === 'object' && node.description) || '',
    rows: typeof node === 'object' ? rowsBelow(node, name) : [],
  }));
}

function rowsBelow(node: SettingNode, path: string): SettingRow[] {
  return branches(node).flatMap(({ properties = {}, required = [], items }) => {
    if (typeof items === 'object' && !Array.isArray(items)) return rowsBelow(items, `${path}[]`);
    return Object.entries(properties).flatMap(([name, child]) => {
      if (typeof child !== 'object') return [];
      const childPath = `${path}.${name}`;
      return [toRow(child, childPath, required.includes(name)), ...rowsBelow(child, childPath)];
    });
  });
}

function toRow(node: SettingNode, path: string, isRequired: boolean): SettingRow {
  const wanted = node['x-wants'];
  return {
    path,
    type: typeof wanted === 'string' ? wanted.replace(/^an? /, '') : 'mapping',
    standard: isRequired ? 'required' : standardOf(node),
    meaning: node.description ?? '',
  };
}

function standardOf(node: SettingNode): string {
  const inWords = node['x-default'];
  if (typeof inWords === 'string') return inWords;
  if (node.default === undefined || node.type === 'object') return '–';
  return code(typeof node.default === 'string' ? node.default : JSON.stringify(node.default));
}
