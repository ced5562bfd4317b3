import { describe, expect, it } from 'vitest';
import { minimal, refusalOf } from './refusal-of.ts';

const times = (count: number, value: unknown) => Array.from({ length: count }, () => value);
const properties = (count: number, value: unknown) =>
  Object.fromEntries(times(count, value).map((v, i) => [`${i}`, v]));

const [message] = minimal.messages;
const part = { type: 'text', text: 'x' };
const call = { id: 'a', type: 'function', function: { name: 'x', arguments: '' } };
const tool = { type: 'function', function: { name: 'x' } };
const audio = { voice: 'alloy', format: 'mp3' };

const inMessages = (field: string, count: number, value: unknown) => [
  { role: 'assistant', content: 'x', [field]: times(Math.ceil(count / 2), value) },
  { role: 'assistant', content: 'x', [field]: times(Math.floor(count / 2), value) },
];
const allowed = (count: number) => ({
  type: 'allowed_tools',
  allowed_tools: { mode: 'auto', tools: times(count, tool) },
});

interface Limit {
  readonly param: string;
  readonly max: number;
  /** Builds a request with `count` entries. */
  readonly of: (count: number) => object;
}

const lists: readonly Limit[] = [
  { param: 'messages', max: 2000, of: (count) => ({ messages: times(count, message) }) },
  { param: 'tools', max: 128, of: (count) => ({ tools: times(count, tool) }) },
  { param: 'functions', max: 128, of: (count) => ({ functions: times(count, { name: 'x' }) }) },
  { param: 'stop', max: 4, of: (count) => ({ stop: times(count, 'x') }) },
  { param: 'modalities', max: 16, of: (count) => ({ audio, modalities: times(count, 'audio') }) },
  {
    param: 'prediction.content',
    max: 4096,
    of: (count) => ({ prediction: { type: 'content', content: times(count, part) } }),
  },
  { param: 'tool_choice.allowed_tools.tools', max: 128, of: (count) => ({ tool_choice: allowed(count) }) },
];
const totals: readonly (Limit & { what: string })[] = [
  {
    param: 'messages',
    what: 'content parts',
    max: 4096,
    of: (count) => ({ messages: inMessages('content', count, part) }),
  },
  {
    param: 'messages',
    what: 'tool calls',
    max: 4096,
    of: (count) => ({ messages: inMessages('tool_calls', count, call) }),
  },
];
const objects: readonly Limit[] = [
  { param: 'metadata', max: 16, of: (count) => ({ metadata: properties(count, 'x') }) },
  { param: 'logit_bias', max: 4096, of: (count) => ({ logit_bias: properties(count, 1) }) },
];

describe('a limit', () => {
  it.each([...lists, ...totals, ...objects])('lets $max in $param pass', ({ max, of }) => {
    expect(refusalOf({ ...minimal, ...of(max) })).toBeUndefined();
  });

  it.each(lists)('refuses more than $max items in $param', ({ param, max, of }) => {
    expect(refusalOf({ ...minimal, ...of(max + 1) })).toEqual({
      param,
      code: 'array_above_max_length',
      message: `Invalid '${param}': array too long. Expected an array with maximum length ${max}, but got an array with length ${max + 1} instead.`,
    });
  });

  it.each(totals)('refuses more than $max $what over all messages', ({ param, what, max, of }) => {
    expect(refusalOf({ ...minimal, ...of(max + 1) })).toEqual({
      param,
      code: 'array_above_max_length',
      message: `Invalid 'messages': too many ${what}. Expected at most ${max} in all, but got ${max + 1} instead.`,
    });
  });

  it.each(objects)('refuses more than $max properties in $param', ({ param, max, of }) => {
    expect(refusalOf({ ...minimal, ...of(max + 1) })).toEqual({
      param,
      code: 'object_above_max_properties',
      message: `Invalid '${param}': too many properties. Expected an object with at most ${max} properties, but got an object with ${max + 1} properties instead.`,
    });
  });

  it('is checked before the items are validated', () => {
    expect(refusalOf({ messages: times(2001, 5) })?.code).toBe('array_above_max_length');
  });
});
