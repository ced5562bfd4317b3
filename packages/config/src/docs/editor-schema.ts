import { settingsTree } from '../schema/tree.ts';
import { withoutLinks } from './markdown.ts';

type Json = Readonly<Record<string, unknown>>;

const interpolation = { $ref: '#/definitions/interpolation' };

/** Returns, as text, the JSON Schema that editors use to check and complete the file. */
export function editorSchema(): string {
  const schema = {
    ...(toEditor(settingsTree()) as Json),
    title: 'Configuration of Sluice',
    definitions: {
      interpolation: { description: 'Text with ${NAME} or ${NAME:-default}.', type: 'string', pattern: '\\$\\{' },
    },
  };
  return `${withShortLists(JSON.stringify(schema, null, 2))}\n`;
}

/** Removes Sluice's own keywords from the tree, and allows `${…}` for numbers, booleans, enums and patterns. */
function toEditor(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toEditor);
  if (typeof value !== 'object' || value === null) return value;
  const node = Object.fromEntries(
    Object.entries(value)
      .filter(([name, part]) => !name.startsWith('x-') && !(name === 'maximum' && part === Number.MAX_SAFE_INTEGER))
      .map(([name, part]) => [name, toEditor(part)]),
  );
  const { description, default: standard, multipleOf, ...rest } = node;
  const about = {
    ...(typeof description === 'string' && { description: withoutLinks(description) }),
    ...(standard !== undefined && node['type'] !== 'object' && { default: standard }),
  };
  const plain = multipleOf === 1 ? { ...rest, type: 'integer' } : rest;
  return mayBeInterpolated(plain) ? { ...about, anyOf: [plain, interpolation] } : { ...about, ...plain };
}

function mayBeInterpolated({ type, pattern, enum: words }: Json): boolean {
  return type === 'number' || type === 'integer' || type === 'boolean' || pattern !== undefined || words !== undefined;
}

/** Puts lists of words on one line, as the formatter of this repository does. */
const withShortLists = (json: string): string =>
  json.replaceAll(/\[\n\s+("[^[\]{}]*")\n\s+\]/g, (_, items: string) => `[${items.replaceAll(/,\n\s+/g, ', ')}]`);
