import { digestOfKey } from './key-digest.ts';

/** Secrets that stand in documentation, ours and that of the gateways that Sluice replaces. They are no secrets. */
const examples: ReadonlySet<string> = new Set([
  'sk-EXAMPLE',
  'your-api-key',
  'your_api_key_here',
  'your-token',
  'sk-your-openai-api-key',
  'sk-ant-your-claude-key',
  'your-google-api-key',
  'your-azure-api-key',
  'pat_EXAMPLE',
  'your-proxy-api-key',
  'your-app-id',
]);

/** As in our own `.env.example`, in any spelling. */
const placeholder = /change[-_ ]?me/i;

/** SHA-256 of a key that its gateway shipped as the default, so that everybody knows it. */
const publishedDigest = '6ed62ce804eb3a9add7e91b01fbf9c5c4622b9d3f6862ec3531d6eae86c7a3f9';

const exampleDigests: ReadonlySet<string> = new Set([
  publishedDigest,
  ...[...examples, 'sk-CHANGE-ME', 'CHANGE-ME'].map(digestOfKey),
]);

export const notAnExample = { error: 'is an example from the documentation; give your own' };
export const notPublished = { error: 'is the published default, which everybody knows; give a key of your own' };

/** Returns whether this is a secret that any reader of documentation knows. */
export const isExampleSecret = (text: string): boolean => examples.has(text) || placeholder.test(text);

export const isPublishedKey = (text: string): boolean => digestOfKey(text) === publishedDigest;

/** The same for the SHA-256 of a key, 64 hex digits. */
export const isExampleDigest = (digest: string): boolean => exampleDigests.has(digest);
