import { inWords, must } from '@sluice/setting-types';
import { z } from 'zod';
import { digestOfKey } from './key-digest.ts';

/** Example secrets of documentation: that of Sluice and of the gateways that it replaces. Any reader can guess them. */
export const examples = [
  'sk-CHANGE-ME',
  'CHANGE-ME',
  'sk-EXAMPLE',
  'pat_EXAMPLE',
  'your-api-key',
  'your-api-key-here',
  'your_api_key_here',
  'your-key',
  'your-token',
  'your-upstream-token-here',
  'your-openai-key',
  'sk-your-openai-api-key',
  'sk-ant-your-claude-key',
  'your-google-api-key',
  'your-azure-api-key',
  'your-proxy-api-key',
  'your-app-id',
  '你的Z.ai访问令牌',
] as const;

/** Returns a placeholder in one spelling, without regard to case and separators. */
const compactForm = (text: string): string => text.toLowerCase().replaceAll(/[-_. ]/g, '');

const exampleForms: ReadonlySet<string> = new Set(examples.map(compactForm));

/** Placeholders in {@link compactForm}: `your-secret-key-here`, `sk-your-api-key`. */
const yours =
  /^(?:sk|skant|skproj|pat|tok|put|enter|insert|replacewith)?your[a-z]{0,30}(?:key|token|secret|password|passphrase)(?:here)?$/;

/** Wrappings of a secret: quotes that Docker leaves in `--env-file`, and the scheme of a header. */
const wrappings: readonly RegExp[] = [/^(["'`])([^]*)\1$/, /^(bearer|token|apikey)\s+([^]*)$/i, /^(<)([^<>/]*)>$/];

const placeholders: readonly RegExp[] = [
  // Placeholder of Sluice's own `.env.example`, in any spelling.
  /change[-_ ]?me/i,
  // `xxxxxxxxxxxxx` and `sk-5dfxxxxxxxxxxxxxxxxxxx`. One in 10¹² random keys has such a series.
  /x{8}/i,
  // The documentation of unified-proxy has a whole token of Coze with this beginning, which one in 62⁴ tokens has.
  /^pat_91b9/,
];

/** SHA-256 of a key that a gateway shipped as its default, which is public. */
const publishedDigest = '6ed62ce804eb3a9add7e91b01fbf9c5c4622b9d3f6862ec3531d6eae86c7a3f9';

/** Returns the likely spellings of an example, because a hash can't be compared with a pattern. */
function spellingsOf(text: string): string[] {
  const cases = [text, text.toUpperCase(), text.toLowerCase()];
  const hyphens = cases.flatMap((spelling) => [spelling, spelling.replaceAll('-', '_'), spelling.replaceAll('_', '-')]);
  const prefixed = hyphens.flatMap((spelling) => [spelling, `sk-${spelling}`]);
  return prefixed.flatMap((spelling) => [spelling, `"${spelling}"`, `'${spelling}'`, `<${spelling}>`]);
}

let exampleDigests: ReadonlySet<string> | undefined;

const example = 'is an example from the documentation; replace it by your own';
const published = 'is the published default, which is not secret; replace it by your own key';

export const notAnExample = { error: example };

/** Returns the error for an example secret of the documentation; undefined for any other secret. */
export function exampleFault(text: string): string | undefined {
  if (digestOfKey(text) === publishedDigest) return published;
  for (const pattern of wrappings) {
    const [, , within] = pattern.exec(text.trim()) ?? [];
    // A word in angle brackets is always a placeholder.
    if (within !== undefined) return text.trim().startsWith('<') ? example : exampleFault(within);
  }
  const form = compactForm(text);
  const isExample =
    exampleForms.has(form) ||
    exampleForms.has(form.replace(/^sk/, '')) ||
    yours.test(form) ||
    placeholders.some((pattern) => pattern.test(text));
  return isExample ? example : undefined;
}

/** Returns the error for a URL with an example as user or password. */
export function userinfoFault(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return undefined;
  const [user, password] = [url.username, url.password].map(decoded);
  const isOfDocs = user === 'user' && password === 'password';
  return isOfDocs || [user, password].some((part = '') => exampleFault(part) !== undefined) ? inUrl : undefined;
}

const inUrl = 'holds a password that is an example from the documentation; replace it by your own';

/** Arguments of zod's `refine` for a URL that must not hold an example password. */
export const ownUserinfo = [(text: string) => userinfoFault(text) === undefined, { error: inUrl }] as const;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns whether a SHA-256 (64 hex digits) is that of an example key. */
export function isExampleDigest(digest: string): boolean {
  exampleDigests ??= new Set([publishedDigest, ...examples.flatMap(spellingsOf).map(digestOfKey)]);
  return exampleDigests.has(digest);
}

/** Option of zod's `refine` for {@link isOwnSecret}. It aborts, so that an example has this error only. */
export const notKnownToAll = {
  error: ({ input }: { readonly input?: unknown }) => exampleFault(String(input)) ?? example,
  abort: true,
};

export const isOwnSecret = (text: string): boolean => exampleFault(text) === undefined;

/** Returns the type of a secret that is sent in a header unchanged. */
export const secretText = (wanted: string): z.ZodString =>
  inWords(
    z
      .string(must(wanted))
      .refine(isOwnSecret, notKnownToAll)
      .regex(/^[\x21-\x7e]+$/, must(wanted)),
    wanted,
  );
