import type { ErrorCode } from 'yaml';

/** Messages by the library's codes. The library's own messages quote the file, which may hold secrets. */
const texts: Record<ErrorCode, string> = {
  ALIAS_PROPS: 'is an alias (*name) with its own anchor or tag; remove the anchor or tag',
  BAD_ALIAS: 'is an alias (*name) without an anchor; put a glob such as "*" in quotes',
  BAD_COLLECTION_TYPE: 'has a YAML tag (!name) that does not fit; remove it',
  BAD_DIRECTIVE: 'is a directive (%NAME) that YAML does not have',
  BAD_DQ_ESCAPE: 'has a backslash that does not begin an escape; write \\\\, or use single quotes',
  BAD_INDENT: 'is not indented like the lines it belongs to, or a bracket is not closed',
  BAD_PROP_ORDER: 'has an anchor or tag in the wrong place',
  BAD_SCALAR_START: 'begins with a character that has a meaning in YAML; put the text in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'has a mapping or list within a line; put it on separate lines',
  BLOCK_IN_FLOW: 'has a list or mapping by indentation inside of { } or [ ]',
  DUPLICATE_KEY: 'occurs a second time in the same mapping; remove one of the two',
  IMPOSSIBLE: 'is not valid YAML',
  KEY_OVER_1024_CHARS: 'is a name of more than 1024 characters',
  MISSING_CHAR: 'has a missing character before or after it: a quote, a colon, a comma or a space',
  MULTILINE_IMPLICIT_KEY: 'is a name over several lines; is a colon missing?',
  MULTIPLE_ANCHORS: 'has more than one anchor (&name)',
  MULTIPLE_DOCS: 'begins a second document; only one is allowed',
  MULTIPLE_TAGS: 'has more than one tag (!name)',
  NON_STRING_KEY: 'is a name that is not text',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAB_AS_INDENT: 'begins with a tab; indent with spaces',
  TAG_RESOLVE_FAILED: 'has a YAML tag (!name) without a meaning here; remove it',
  UNEXPECTED_TOKEN: 'is not expected here; is a comma, a colon, a bracket or a quote missing?',
};

/** Returns the message for an error of the library; it follows the position in the file. */
export const explainYaml = (code: ErrorCode): string => texts[code];
