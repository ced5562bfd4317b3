/** A word or a form that this repository does not use any more, and what is written in its place. */
export interface Retired {
  readonly pattern: RegExp;
  readonly instead: string;
}

/**
 * Words that docs/glossary.md retires. They are looked for in comments, names, messages and pages alike, after names
 * have been split into words: `coolDownMs` is read as `cool down ms`.
 */
const retiredWords: readonly Retired[] = [
  { pattern: /\brescu(?:e|es|ed|ing)\b/gi, instead: 'resume' },
  { pattern: /\bstitch(?:es|ed|ing)?\b/gi, instead: 'resume' },
  { pattern: /\bthoughts?\b/gi, instead: 'reasoning' },
  { pattern: /\bbreakers?\b/gi, instead: 'circuit' },
  { pattern: /\bpictures?\b/gi, instead: 'image' },
  { pattern: /\btickets?\b/gi, instead: 'lease' },
  { pattern: /\bslots?\b/gi, instead: 'lease' },
  { pattern: /\bexecutions?\b/gi, instead: 'run' },
  {
    pattern:
      /\b(?:rests|resting|rested|rest ms|(?:a|its|long|longest|the) rest of (?:a|the) (?:credential|key|model))\b/gi,
    instead: 'cooldown',
  },
  { pattern: /\bsightings?\b/gi, instead: 'misses' },
  { pattern: /\bstrangers?\b/gi, instead: 'anonymous client' },
  { pattern: /\bobituary\b/gi, instead: 'exit report' },
  { pattern: /\bfreshen\w*\b/gi, instead: 'renew' },
  // In quotes it is a user of the machine.
  { pattern: /(?<!['"`])\bnobody\b(?!['"`])/gi, instead: 'no client, no process, not … by anyone' },
  { pattern: /\bwhoever\b/gi, instead: 'the client that, any process that' },
  { pattern: /\b(?:go|goes|going|went|gone|write|writes|writing|written) on\b/gi, instead: 'continue, resume, extend' },
  { pattern: /(?<!there )\b(?:is|are) (?:no|none of) (?!longer|more|such)\w+/gi, instead: 'is not a' },
];

/** A comment starts with what the thing is or does, never with a clause that has no verb of its own. */
const headlessOpening: Retired = {
  // The start of a doc comment, or of a block of line comments.
  pattern:
    /(?:\/\*\*(?:\s*\n\s*\*)?|(?<!\/\/[^\n]*\n\s*)(?<=^\s*)\/\/)\s*(?:What|Whatever|Who|Whom|Whose|Whoever|How|Where|Whether|Which|Why|When)\b[^\n]*/gm,
  instead: 'a subject and a verb, or a noun',
};

/** Files that list former names, which is their purpose. */
export const formerNameFiles =
  /former-(?:names|metrics)|packages\/telemetry\/test\/instruments\.test|docs\/metrics\.md/;

/**
 * Folders whose code speaks the protocols of providers, where `thought` and `thoughts` are fields. Only their comments are
 * searched for these words.
 */
const protocolFolders =
  /^packages\/(?:providers|simulator)\/|packages\/surfaces\/(?:src|test)\/(?:gemini|fields)\/|packages\/answers\/(?:src|test)\/resume\/native-events|packages\/e2e\/test\/(?:bailian|gemini|clients-translated)|docs\/providers\/(?:bailian|gemini)|docs\/(?:configuration|gemini|dropped-fields)/;

/**
 * Names of others: protocols of providers, commands of Redis, fields of libraries. They are taken out of a text before
 * it is searched.
 */
const foreignNames =
  /thought_?[sS]ignatures?|thought-signatures|thoughts_?[tT]oken_?[cC]ount|include_?[tT]houghts|has_thoughts|skip_thought_signature_validator|[A-Z_]*THOUGHT[A-Z_]*|hash ?[sS]lots?|ADDSLOTSRANGE|slotsRefreshTimeout|nslots|cluster_slots_ok|mcp_tool_execution_error|tool_execution\w*|Thought for \d|cluster\|slots|stop-writes-on-bgsave-error|Failed to refresh slots|slots cache|options\??\.?\S*thoughts|2026-11-21-rescue\.md|npm run rests|`thoughts?`|code_?[eE]xecution\w*|`[\w.]*execution[\w.]*`|'execution'|\bexecution(?=: '|: "client)|"Go on …"|\^\(continue\|go on\)|'Go on\.'/g;

/** The text as the patterns search it: without the names of others, and with each name split into its words. */
function splitNames(text: string): string {
  return text
    .replaceAll(foreignNames, ' ')
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/(?<=[a-z\d])[_-](?=[a-z\d])/gi, ' ');
}

/** Removes `thought` and `thoughts` from all lines that are not comments. */
const withoutFields = (text: string): string =>
  text.replaceAll(/^(?!\s*(?:\*|\/\*\*|\/\/)).*$/gm, (line) => line.replaceAll(/thoughts?/gi, ' '));

/** One occurrence of a retired form in a text. */
export interface Finding {
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

/** @param file path from the root of the repository */
export function findRetired(text: string, file = ''): Finding[] {
  const split = splitNames(protocolFolders.test(file) ? withoutFields(text) : text);
  return retiredWords
    .flatMap(({ pattern, instead }) =>
      [...split.matchAll(pattern)].map(({ 0: found, index }) => ({ line: lineAt(split, index), found, instead })),
    )
    .toSorted((a, b) => a.line - b.line);
}

export const findHeadless = (text: string): Finding[] =>
  [...text.matchAll(headlessOpening.pattern)].map(({ 0: found, index }) => ({
    line: lineAt(text, index),
    found: found.replaceAll(/[\s/*]+/g, ' ').trim(),
    instead: headlessOpening.instead,
  }));

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;
