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

export function createSecret(text: string): Secret {
  return Object.freeze<Secret>({
    reveal: () => text,
    toString: () => mark,
    toJSON: () => mark,
    [inspect.custom]: () => mark,
  });
}
