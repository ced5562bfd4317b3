import type { ChatBody } from '@sluice/protocol';
import type { FieldPath } from '../adapter.ts';

/** Returns the inputs to embed one by one: texts or lists of tokens. Empty if the request has no input. */
export function inputsOf({ input }: ChatBody): readonly unknown[] {
  const isList = Array.isArray(input) && typeof input[0] !== 'number';
  return isList ? input : input === undefined ? [] : [input];
}

/** Returns the texts to embed; undefined if an input is not a text. */
export function textsOf(body: ChatBody): readonly string[] | undefined {
  const inputs = inputsOf(body);
  return inputs.every((input) => typeof input === 'string') ? inputs : undefined;
}

/** `findUnsupported` of providers that embed only texts. */
export const onlyTexts = (body: ChatBody): readonly FieldPath[] => (textsOf(body) === undefined ? [['input']] : []);
