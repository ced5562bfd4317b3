import { isNode, LineCounter, parseDocument } from 'yaml';
import { protectInterpolations } from '../file/interpolations.ts';
import type { Path } from './leaves.ts';

/** The place of a setting in the file. */
export interface Place {
  /** From 1 on. */
  readonly line: number;
  /** Environment variables that the setting's text names with `${…}`. */
  readonly variables: readonly string[];
}

const variablePattern = /(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)/g;

/**
 * Finds settings in the text of a file. A setting that an alias stands for is found at the alias.
 *
 * @param text of a file that has been read without problems
 */
export function createLocator(text: string): (path: Path) => Place | undefined {
  const lineCounter = new LineCounter();
  // Protected characters keep their places, so that ranges fit the text as it was written.
  const document = parseDocument(protectInterpolations(text), { lineCounter, schema: 'core', logLevel: 'error' });
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true);
      if (!isNode(node) || node.range == null) continue;
      const [start, end] = node.range;
      const written = length === path.length ? text.slice(start, end) : '';
      const variables = [...written.matchAll(variablePattern)].map(([, name = '']) => name);
      return { line: lineCounter.linePos(start).line, variables: [...new Set(variables)] };
    }
    return undefined;
  };
}
