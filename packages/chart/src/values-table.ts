import { isMap, isPair, isScalar, type Node, type Pair, parseDocument, type Scalar } from 'yaml';

/** A row of the README's table of values. */
export interface ValueRow {
  /** Path, as in `worker.keda.enabled`. */
  readonly path: string;
  /** Default as JSON; empty for a mapping whose values have their own rows. */
  readonly fallback: string;
  readonly meaning: string;
}

/**
 * Reads the table of values from the comments of `values.yaml` that begin with `# --`. A mapping with such a comment is one
 * row; the values in a mapping without one have their own rows.
 *
 * @throws Error when no comment covers a value
 */
export function valueRows(valuesYaml: string): readonly ValueRow[] {
  const document = parseDocument(valuesYaml);
  return rowsOf(document.contents, '', undefined);
}

function rowsOf(node: Node | null, path: string, comment: string | undefined): readonly ValueRow[] {
  const meaning = meaningOf(comment);
  if (meaning === undefined) {
    if (!isMap(node) || node.items.length === 0) {
      throw new Error(`${path} in values.yaml has no comment that begins with "# --"`);
    }
    return node.items.flatMap((pair, index) => rowsOfPair(pair, path, index === 0 ? node : null));
  }
  return [{ path, fallback: JSON.stringify(node?.toJSON() ?? null), meaning }];
}

/** Returns the comment of a pair. YAML's parser attaches the comment above a mapping's first pair to the mapping. */
function rowsOfPair(pair: Pair, path: string, parent: Node | null): readonly ValueRow[] {
  if (!isPair(pair) || !isScalar(pair.key)) throw new Error(`a key below ${path || 'the top'} is not a word`);
  const key = pair.key as Scalar<string>;
  const comment = key.commentBefore ?? parent?.commentBefore ?? undefined;
  const inner = path === '' ? key.value : `${path}.${key.value}`;
  return rowsOf(pair.value as Node | null, inner, comment);
}

/** Returns the text from `--` to the end of the comment, with its lines joined. */
function meaningOf(comment: string | undefined): string | undefined {
  const at = comment?.lastIndexOf(' -- ') ?? -1;
  return at === -1
    ? undefined
    : comment
        ?.slice(at + 4)
        .split(/\s*\n\s*/)
        .join(' ')
        .trim();
}
