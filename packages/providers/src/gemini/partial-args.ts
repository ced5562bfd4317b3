import { unmarkText, writeLossless } from '@sluice/protocol';
import { clientTextLimits } from '../parse-text.ts';
import { parseJsonPath, type ValuePath } from './json-path.ts';
import type { WirePartialArg } from './wire.ts';

/** Arguments of a call that arrive one value, or one piece of a text, at a time. */
export interface PartialArgs {
  /** Returns false for a piece that contradicts earlier ones. */
  add(piece: WirePartialArg): boolean;
  /** Returns the arguments as JSON text, with members in their order of arrival. */
  toText(): string;
}

type Node =
  | { readonly kind: 'object'; readonly members: Map<string, Node> }
  | { readonly kind: 'list'; readonly items: Node[] }
  | { readonly kind: 'text'; value: string }
  /** A number, true, false or null. */
  | { readonly kind: 'literal'; readonly json: string };

export function createPartialArgs(): PartialArgs {
  const root: Node = { kind: 'object', members: new Map() };
  /** Unfinished texts by path. */
  const open = new Map<string, Node>();
  let elements = 0;
  let characters = 0;

  /** Returns the container of a path, and creates missing ones. */
  function containerAt(path: ValuePath): Node | undefined {
    let node: Node | undefined = root;
    for (const [at, step] of path.slice(0, -1).entries()) {
      const below: Node | undefined = childOf(node, step);
      node = below ?? put(node, step, typeof path[at + 1] === 'number' ? list() : object());
      if (node === undefined) return undefined;
    }
    return node;
  }

  function put(container: Node | undefined, step: string | number | undefined, value: Node): Node | undefined {
    if (++elements > clientTextLimits.maxElements) return undefined;
    if (container?.kind === 'object' && typeof step === 'string') {
      container.members.set(step, value);
      return value;
    }
    // Lists grow at their end: a gap would be filled with a value that the model did not send.
    if (container?.kind !== 'list' || typeof step !== 'number' || step > container.items.length) return undefined;
    container.items[step] = value;
    return value;
  }

  return {
    add(piece) {
      const name = piece.jsonPath ?? '';
      const text = piece.stringValue == null ? undefined : unmarkText(piece.stringValue);
      characters += name.length + (text?.length ?? 0);
      if (characters > clientTextLimits.maxLength) return false;
      const begun = open.get(name);
      if (piece.willContinue !== true) open.delete(name);
      if (begun?.kind === 'text') {
        begun.value += text ?? '';
        return literalOf(piece) === undefined;
      }
      const path = parseJsonPath(name);
      if (path === undefined || path.length > clientTextLimits.maxDepth) return false;
      const literal = literalOf(piece);
      const value = put(
        containerAt(path),
        path.at(-1),
        literal === undefined ? { kind: 'text', value: text ?? '' } : { kind: 'literal', json: literal },
      );
      if (value !== undefined && piece.willContinue === true) open.set(name, value);
      return value !== undefined;
    },
    toText: () => write(root),
  };
}

const object = (): Node => ({ kind: 'object', members: new Map() });
const list = (): Node => ({ kind: 'list', items: [] });

function childOf(node: Node | undefined, step: string | number): Node | undefined {
  if (node?.kind === 'object' && typeof step === 'string') return node.members.get(step);
  return node?.kind === 'list' && typeof step === 'number' ? node.items[step] : undefined;
}

/** Returns the JSON of a literal; undefined for a text. */
function literalOf(piece: WirePartialArg): string | undefined {
  if (piece.numberValue != null) return writeLossless(piece.numberValue);
  if (piece.boolValue != null) return JSON.stringify(piece.boolValue);
  return 'nullValue' in piece && piece.nullValue !== undefined ? 'null' : undefined;
}

function write(node: Node): string {
  switch (node.kind) {
    case 'object':
      return `{${[...node.members].map(([name, value]) => `${JSON.stringify(name)}:${write(value)}`).join(',')}}`;
    case 'list':
      return `[${node.items.map(write).join(',')}]`;
    case 'text':
      return JSON.stringify(node.value);
    case 'literal':
      return node.json;
  }
}
