import { inspect } from 'node:util';

const mark = '[secret]' as const;

/** A text that never shows by accident: printed, logged, inspected or turned into JSON it is `[secret]`. */
export interface Secret {
  /** The text itself. Ask for it only where it is sent. */
  reveal(): string;
  toString(): typeof mark;
  toJSON(): typeof mark;
  [inspect.custom](): typeof mark;
}

/** Apart from the objects, so that nothing that looks into one finds it. */
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
