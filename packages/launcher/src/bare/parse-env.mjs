/** @typedef {{ variables: Map<string, string>, faults: string[] }} ParsedEnv */

/** A name and its `=`. As in npm's dotenv, `export` may precede it, and `: ` may replace the `=`. */
const beginPattern = /^[^\S\n]*(?:export[^\S\n]+)?([A-Za-z_][\w.-]*)(?:[^\S\n]*=|:(?=[^\S\n]))[^\S\n]*/;

/** Only a comment may follow a value in quotes on its line. */
const behind = '(?=[^\\S\\n]*(?:#[^\\n]*)?(?:\\n|$))';

/** A quote after a backslash is part of the value, unless the value would then not end. */
const quotedPatterns = [
  new RegExp(`^"((?:\\\\[^]|[^"\\\\])*)"${behind}`),
  new RegExp(`^"([^"]*)"${behind}`),
  new RegExp(`^'([^']*)'${behind}`),
  new RegExp(`^\`([^\`]*)\`${behind}`),
];

const blankPattern = /^[^\S\n]*(?:#[^\n]*)?(?:\n|$)/;

/**
 * Parses the text of a `.env` file as users of Python's and npm's dotenv expect. Where the two differ, no part of a value
 * is lost: `#` begins a comment only after a space, or at the start of a value that a space separates from its sign.
 *
 * Node's own parser is not used: it ends a value at any `#`, and skips lines that it does not understand.
 *
 * @param {string} text
 * @returns {ParsedEnv} `faults`: the skipped lines, as in `line 3 is not understood`; no fault repeats a value
 */
export function parseEnvText(text) {
  let rest = text.replaceAll(/\r\n?/g, '\n');
  let line = 1;
  /** @param {number} length */
  const pass = (length) => {
    line += rest.slice(0, length).split('\n').length - 1;
    rest = rest.slice(length);
  };
  const lengthOfLine = () => /^[^\n]*\n?/.exec(rest)?.[0].length ?? rest.length;
  /** @type {ParsedEnv} */
  const parsed = { variables: new Map(), faults: [] };
  while (rest !== '') {
    if (blankPattern.test(rest)) {
      pass(lengthOfLine());
      continue;
    }
    const begin = beginPattern.exec(rest);
    if (begin === null) {
      parsed.faults.push(`line ${line} is not understood (wanted: NAME=value)`);
      pass(lengthOfLine());
      continue;
    }
    const at = line;
    const [whole, name = ''] = begin;
    const hasSpaceBefore = /[^\S\n]$/.test(whole);
    pass(whole.length);
    const value = /^["'`]/.test(rest) ? quoted(rest) : plain(rest, hasSpaceBefore);
    if (value === undefined) {
      parsed.faults.push(`line ${at} is not understood (${name} has a quote without its end, or text behind it)`);
      pass(lengthOfLine());
      continue;
    }
    if (value.text.includes('\uFFFD')) parsed.faults.push(`line ${at} is not UTF-8, so ${name} is not what was meant`);
    parsed.variables.set(name, value.text);
    pass(value.length);
    pass(lengthOfLine());
  }
  return parsed;
}

/**
 * @param {string} rest
 * @returns {{ text: string, length: number } | undefined}
 */
function quoted(rest) {
  for (const pattern of quotedPatterns) {
    const found = pattern.exec(rest);
    if (found === null) continue;
    const [whole, text = ''] = found;
    const isDouble = whole.startsWith('"');
    return { text: isDouble ? text.replaceAll(/\\(n|")/g, unescape) : text, length: whole.length };
  }
  return undefined;
}

/**
 * @param {string} _
 * @param {string} character
 */
const unescape = (_, character) => (character === 'n' ? '\n' : character);

/**
 * @param {string} rest
 * @param {boolean} hasSpaceBefore a space precedes the value
 * @returns {{ text: string, length: number }}
 */
function plain(rest, hasSpaceBefore) {
  const whole = /^[^\n]*/.exec(rest)?.[0] ?? '';
  const text = hasSpaceBefore && whole.startsWith('#') ? '' : whole.replace(/\s#.*$/, '').trim();
  return { text, length: whole.length };
}
