import { isNode, LineCounter, parseDocument } from 'yaml';
import { protectInterpolations } from '../file/interpolations.ts';
import type { Path } from './leaves.ts';

/** The position of a setting in the file. */
export interface Place {
  /** Number of the line; the first is 1. */
  readonly line: number;
  /** Environment variables in the `${…}` of the setting's text. */
  readonly variables: readonly string[];
}

const variablePattern = /(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)/g;

/**
 * Returns a function that finds settings in the text of a file. A setting within an alias is found at the alias.
 *
 * @param text of a file that has been read without problems
 */
export function createLocator(text: string): (path: Path) => Place | undefined {
  const lineCounter = new LineCounter();
  // Protected characters keep their positions, so that ranges fit the original text.
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
