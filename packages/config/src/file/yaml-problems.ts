import type { ErrorCode } from 'yaml';

/** yaml's own messages quote the file, which may hold secrets. */
const texts: Record<ErrorCode, string> = {
  ALIAS_PROPS: 'is an alias (*name) with an anchor or tag of its own; remove that',
  BAD_ALIAS: 'is an alias (*name) to nothing; put a glob such as "*" in quotes',
  BAD_COLLECTION_TYPE: 'has a YAML tag (!name) that does not fit; remove it',
  BAD_DIRECTIVE: 'is a directive (%NAME) that YAML does not know',
  BAD_DQ_ESCAPE: 'has a backslash that begins no escape; write \\\\, or use single quotes',
  BAD_INDENT: 'is not indented like the lines it belongs to, or a bracket is not closed',
  BAD_PROP_ORDER: 'has an anchor or tag in the wrong place',
  BAD_SCALAR_START: 'begins with a character that has a meaning in YAML; put the text in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'has a mapping or list within one line; put it on lines of its own',
  BLOCK_IN_FLOW: 'has a list or mapping by indentation inside of { } or [ ]',
  DUPLICATE_KEY: 'stands here for the second time in one mapping; remove one',
  IMPOSSIBLE: 'is not valid YAML',
  KEY_OVER_1024_CHARS: 'is a name of more than 1024 characters',
  MISSING_CHAR: 'lacks something before or after it: a quote, a colon, a comma or a space',
  MULTILINE_IMPLICIT_KEY: 'is a name over several lines; is a colon missing?',
  MULTIPLE_ANCHORS: 'has more than one anchor (&name)',
  MULTIPLE_DOCS: 'begins a second document; only one is allowed',
  MULTIPLE_TAGS: 'has more than one tag (!name)',
  NON_STRING_KEY: 'is a name that is not text',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAB_AS_INDENT: 'begins with a tab; indent with spaces',
  TAG_RESOLVE_FAILED: 'has a YAML tag (!name) without a meaning here; remove it',
  UNEXPECTED_TOKEN: 'does not belong here; are a comma, a colon, a bracket or quotes missing?',
};

/** Says what is wrong with the YAML at a place, in words that fit behind that place. */
export const explainYaml = (code: ErrorCode): string => texts[code];
