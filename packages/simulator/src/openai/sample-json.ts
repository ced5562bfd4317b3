type Schema = Readonly<Record<string, unknown>>;

interface Place {
  readonly root: Schema;
  /** Number of objects and lists around the value. */
  readonly depth: number;
  readonly word: string;
}

/**
 * Depth limits, because schemas may be recursive: from `shallow` on null is used where allowed, at `deepest` all values
 * are empty.
 */
const shallow = 2;
const deepest = 6;
const mostItems = 100;

const textFormats: Readonly<Record<string, string>> = {
  date: '2026-01-02',
  time: '03:04:05Z',
  'date-time': '2026-01-02T03:04:05Z',
  duration: 'PT1H',
  email: 'lorem@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/lorem',
  uuid: '00000000-0000-4000-8000-000000000000',
};

/**
 * Builds a value that matches a JSON Schema: required properties only, the first of alternatives. Patterns, negations
 * and conditions are ignored. The word fills free texts.
 */
export function sampleJson(schema: Schema, word: string): unknown {
  return sample(schema, { root: schema, depth: 0, word });
}

function sample(unresolved: unknown, place: Place): unknown {
  const schema = resolve(asSchema(unresolved), place);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  switch (typeOf(schema)) {
    case 'object':
      return sampleObject(schema, place);
    case 'array':
      return sampleList(schema, place);
    case 'integer':
    case 'number':
      return sampleNumber(schema);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return sampleText(schema, place.word);
  }
}

/** Resolves `$ref` within the document, selects one of `anyOf` or `oneOf`, and merges `allOf`. */
function resolve(schema: Schema, place: Place): Schema {
  const { $ref: reference, anyOf, oneOf, allOf, ...own } = schema;
  const target = typeof reference === 'string' ? atPointer(reference, place.root) : undefined;
  const parts = [target, pick(anyOf, place), pick(oneOf, place), ...asList(allOf)].filter((part) => part !== undefined);
  if (place.depth > deepest) return own;
  const further = { ...place, depth: place.depth + 1 };
  return parts.map((part) => resolve(asSchema(part), further)).reduce(join, own);
}

function pick(choices: unknown, { depth }: Place): unknown {
  const list = asList(choices);
  const none = depth < shallow ? undefined : list.find((choice) => asSchema(choice).type === 'null');
  return none ?? list[0];
}

function join(left: Schema, right: Schema): Schema {
  const required = [...asList(left.required), ...asList(right.required)];
  const properties = { ...asSchema(left.properties), ...asSchema(right.properties) };
  return {
    ...left,
    ...right,
    ...(required.length === 0 ? {} : { required }),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  };
}

function atPointer(reference: string, root: Schema): unknown {
  const keys = reference.split('/').slice(1);
  let found: unknown = root;
  for (const key of keys) found = asSchema(found)[key.replaceAll('~1', '/').replaceAll('~0', '~')];
  return found;
}

function typeOf(schema: Schema): unknown {
  const { type } = schema;
  if (Array.isArray(type)) return type.find((one) => one !== 'null') ?? 'null';
  return type ?? ('properties' in schema ? 'object' : 'items' in schema ? 'array' : 'string');
}

function sampleObject(schema: Schema, place: Place): unknown {
  if (place.depth === deepest) return {};
  const inside = { ...place, depth: place.depth + 1 };
  const properties = asSchema(schema.properties);
  const names = asList(schema.required).filter((name) => typeof name === 'string');
  return Object.fromEntries(names.map((name) => [name, sample(properties[name], inside)]));
}

function sampleList({ prefixItems, items, minItems, maxItems }: Schema, place: Place): unknown[] {
  if (place.depth === deepest) return [];
  const inside = { ...place, depth: place.depth + 1 };
  const places = asList(prefixItems);
  const wanted = Math.max(asNumber(minItems) ?? 1, places.length);
  const length = Math.min(wanted, asNumber(maxItems) ?? wanted, mostItems);
  return Array.from({ length }, (_, index) => sample(places[index] ?? items, inside));
}

function sampleNumber(schema: Schema): number {
  const least = asNumber(schema.minimum) ?? -Infinity;
  const most = asNumber(schema.maximum) ?? Infinity;
  const above = asNumber(schema.exclusiveMinimum) ?? -Infinity;
  const below = asNumber(schema.exclusiveMaximum) ?? Infinity;
  const unit = asNumber(schema.multipleOf) ?? (typeOf(schema) === 'integer' ? 1 : undefined);
  const low = Math.max(least, above);
  const high = Math.min(most, below);
  const candidates = [1, low, low + 1, high, high - 1, (low + high) / 2].flatMap((value) =>
    unit === undefined ? [value] : [Math.ceil(value / unit) * unit, Math.floor(value / unit) * unit],
  );
  const fits = (value: number) => value >= least && value <= most && value > above && value < below;
  return candidates.find((value) => Number.isFinite(value) && fits(value)) ?? 1;
}

function sampleText({ format, minLength, maxLength }: Schema, word: string): string {
  const known = typeof format === 'string' ? textFormats[format] : undefined;
  return known ?? word.padEnd(asNumber(minLength) ?? 0, word).slice(0, asNumber(maxLength));
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
