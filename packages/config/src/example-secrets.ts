import { inWords, must } from '@sluice/setting-types';
import { z } from 'zod';
import { digestOfKey } from './key-digest.ts';

/** Secrets that stand in documentation, ours and that of the gateways that Sluice replaces. They are no secrets. */
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

/** People write the same placeholder in capitals and with other hyphens. */
const compactForm = (text: string): string => text.toLowerCase().replaceAll(/[-_. ]/g, '');

const exampleForms: ReadonlySet<string> = new Set(examples.map(compactForm));

/** Of {@link compactForm}: `your-secret-key-here`, `sk-your-api-key`. */
const yours =
  /^(?:sk|skant|skproj|pat|tok|put|enter|insert|replacewith)?your[a-z]{0,30}(?:key|token|secret|password|passphrase)(?:here)?$/;

/** Wrappings of a secret: quotes that Docker leaves in `--env-file`, and the scheme of a header. */
const wrappings: readonly RegExp[] = [/^(["'`])([^]*)\1$/, /^(bearer|token|apikey)\s+([^]*)$/i, /^(<)([^<>/]*)>$/];

const placeholders: readonly RegExp[] = [
  // As in our own `.env.example`, in any spelling.
  /change[-_ ]?me/i,
  // `xxxxxxxxxxxxx` and `sk-5dfxxxxxxxxxxxxxxxxxxx`. Chance makes such a run once in 10¹² keys.
  /x{8}/i,
  // The documentation of unified-proxy prints a whole token of Coze that begins so; no other of 62⁴ tokens does.
  /^pat_91b9/,
];

/** SHA-256 of a key that its gateway shipped as the default, so that everybody knows it. */
const publishedDigest = '6ed62ce804eb3a9add7e91b01fbf9c5c4622b9d3f6862ec3531d6eae86c7a3f9';

/** A hash can't be compared with a pattern, so these are the spellings that people are likely to use. */
function spellingsOf(text: string): string[] {
  const cases = [text, text.toUpperCase(), text.toLowerCase()];
  const hyphens = cases.flatMap((spelling) => [spelling, spelling.replaceAll('-', '_'), spelling.replaceAll('_', '-')]);
  const prefixed = hyphens.flatMap((spelling) => [spelling, `sk-${spelling}`]);
  return prefixed.flatMap((spelling) => [spelling, `"${spelling}"`, `'${spelling}'`, `<${spelling}>`]);
}

let exampleDigests: ReadonlySet<string> | undefined;

const example = 'is an example from the documentation; give your own';
const published = 'is the published default, which everybody knows; give a key of your own';

export const notAnExample = { error: example };

/** Returns what is wrong with a secret that any reader of documentation knows; undefined for any other. */
export function exampleFault(text: string): string | undefined {
  if (digestOfKey(text) === publishedDigest) return published;
  for (const pattern of wrappings) {
    const [, , within] = pattern.exec(text.trim()) ?? [];
    // Nobody has a secret that is one word in pointed brackets.
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

/** The same for user and password of a URL. */
export function userinfoFault(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return undefined;
  const [user, password] = [url.username, url.password].map(decoded);
  const isOfDocs = user === 'user' && password === 'password';
  return isOfDocs || [user, password].some((part = '') => exampleFault(part) !== undefined) ? inUrl : undefined;
}

const inUrl = 'holds a password that is an example from the documentation; give your own';

/** zod's `refine` for a URL, as {@link notKnownToAll} is for a secret. */
export const ownUserinfo = [(text: string) => userinfoFault(text) === undefined, { error: inUrl }] as const;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The same for the SHA-256 of a key, 64 hex digits. */
export function isExampleDigest(digest: string): boolean {
  exampleDigests ??= new Set([publishedDigest, ...examples.flatMap(spellingsOf).map(digestOfKey)]);
  return exampleDigests.has(digest);
}

/** The option of zod's `refine` that goes with {@link isOwnSecret}. Nothing else is said of an example. */
export const notKnownToAll = {
  error: ({ input }: { readonly input?: unknown }) => exampleFault(String(input)) ?? example,
  abort: true,
};

export const isOwnSecret = (text: string): boolean => exampleFault(text) === undefined;

/** A secret that is sent in a header as it is. */
export const secretText = (wanted: string): z.ZodString =>
  inWords(
    z
      .string(must(wanted))
      .refine(isOwnSecret, notKnownToAll)
      .regex(/^[\x21-\x7e]+$/, must(wanted)),
    wanted,
  );
