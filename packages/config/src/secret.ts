import { inspect } from 'node:util';

const mark = '[secret]' as const;

/** A text that is not shown by accident: printed, logged, inspected or in JSON it is `[secret]`. */
export interface Secret {
  /** Returns the text itself. For use only where it is sent. */
  reveal(): string;
  toString(): typeof mark;
  toJSON(): typeof mark;
  [inspect.custom](): typeof mark;
}

/** The texts, outside of the objects, so that inspection of an object does not find its text. */
const texts = new WeakMap<Secret, string>();

const hide = (): typeof mark => mark;

const methods: Secret = {
  reveal() {
    return texts.get(this) ?? '';
  },
  toString: hide,
  toJSON: hide,
  [inspect.custom]: hide,
};

export function createSecret(text: string): Secret {
  const secret = Object.freeze(Object.create(methods) as Secret);
  texts.set(secret, text);
  return secret;
}
