import { inWords, must } from '@sluice/setting-types';
import { z } from 'zod';

/** The scheme, host and port of a page, or `*`; `null` is what many pages share, so it names none. */
const shape = /^(?:\*|[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*]+)$/i;

/**
 * An origin as browsers send it: in lower case, and without the port that its scheme has anyway. Besides pages on the
 * web it may be that of an app or an extension, as in `tauri://localhost`.
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
  // URL knows no origin of other schemes than those of the web.
  return origin === 'null' ? text.toLowerCase() : origin;
}
