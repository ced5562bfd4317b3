import { inWords, must } from '@sluice/setting-types';
import { z } from 'zod';

/** Scheme, host and port of a page, or `*`. `null` is not accepted: many different pages send it. */
const shape = /^(?:\*|[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*]+)$/i;

/**
 * Returns the type of an origin as browsers send it: in lower case and without the default port of its scheme. It may
 * also be the origin of an app or an extension, as in `tauri://localhost`.
 */
export function webOrigin(): z.ZodType<string, string> {
  const wanted = 'an origin such as https://chat.example.com (scheme, host and port, nothing behind them), or *';
  const error = must(wanted);
  return inWords(
    z
      .string(error)
      .regex(shape, error)
      .refine((text) => text === '*' || URL.canParse(text), error)
      .transform(asSent),
    wanted,
  );
}

function asSent(text: string): string {
  const { origin } = text === '*' ? { origin: text } : new URL(text);
  // The class URL computes origins only for schemes of the web.
  return origin === 'null' ? text.toLowerCase() : origin;
}
