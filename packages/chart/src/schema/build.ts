/** A JSON Schema with the keywords that this package uses. */
export type Schema = Readonly<Record<string, unknown>>;

/** Returns the schema of a mapping with only these keys, so that a typo is an error. */
export const mapping = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
});

/** A mapping whose content Kubernetes or another chart checks. */
export const anything: Schema = { type: 'object' };

export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const texts: Schema = { type: 'array', items: text };
export const mappings: Schema = { type: 'array', items: anything };
export const textByName: Schema = { type: 'object', additionalProperties: { type: 'string' } };

/** Name of an image in the registry of all images, and its digest instead of the tag. */
export const image = mapping({ repository: text, digest: { type: 'string', pattern: '^(?:|sha256:[0-9a-f]{64})$' } });

export const oneOf = (...values: readonly string[]): Schema => ({ enum: values });
export const whole = (minimum: number, maximum?: number): Schema => ({
  type: 'integer',
  minimum,
  ...(maximum === undefined ? {} : { maximum }),
});
export const share = (minimum: number, maximum: number): Schema => ({ type: 'number', minimum, maximum });
export const matching = (pattern: string): Schema => ({ type: 'string', pattern });
export const listOf = (items: Schema): Schema => ({ type: 'array', items });

/** Returns the schema of a value that may be null, which means computed or none. */
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });

/** A number of pods, or a percentage of them. */
export const podsOrPercent: Schema = {
  anyOf: [whole(0), matching('^(?:\\d|[1-9]\\d|100)%$')],
};
