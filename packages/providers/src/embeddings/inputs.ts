import type { ChatBody, FieldPath } from '../adapter.ts';

/** The inputs to embed, one by one: texts, or lists of tokens. Empty where the request has lost its input. */
export function inputsOf({ input }: ChatBody): readonly unknown[] {
  const isList = Array.isArray(input) && typeof input[0] !== 'number';
  return isList ? input : input === undefined ? [] : [input];
}

/** The texts to embed; undefined where an input is no text. */
export function textsOf(body: ChatBody): readonly string[] | undefined {
  const inputs = inputsOf(body);
  return inputs.every((input) => typeof input === 'string') ? inputs : undefined;
}

/** For providers that embed texts alone. */
export const onlyTexts = (body: ChatBody): readonly FieldPath[] => (textsOf(body) === undefined ? [['input']] : []);
