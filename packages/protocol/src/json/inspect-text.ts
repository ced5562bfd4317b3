import type { JsonLimits } from '../json-depth.ts';
import { endOfString } from './scan.ts';

/**
 * Does the same as `inspectJson` for a string: checks depth and size before it is parsed. Skips texts that are too
 * short to exceed a limit.
 */
export function inspectJsonText(
  text: string,
  { maxDepth, maxElements }: JsonLimits,
): 'ok' | 'too_deep' | 'too_many_elements' {
  const { length } = text;
  if (length <= maxDepth && length <= maxElements) return 'ok';
  let depth = 0;
  let elements = 0;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    // A quote; a comma; { and [; } and ].
    if (code === 0x22) {
      at = endOfString(text, at + 1);
    } else if (code === 0x2c) {
      if (++elements > maxElements) return 'too_many_elements';
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) return 'too_deep';
      if (++elements > maxElements) return 'too_many_elements';
    } else if ((code === 0x7d || code === 0x5d) && depth > 0) {
      depth--;
    }
  }
  return 'ok';
}
