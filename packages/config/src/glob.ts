/**
 * A part of a glob: `*` matches any number of any characters, `?` one character, `[a-c]` and `[!a-c]` one character of a
 * set or outside of it, `{a,b}` one of several globs; `\` makes the next character plain text.
 */
type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'one'; readonly fits: (character: string) => boolean }
  | { readonly kind: 'choice'; readonly choices: readonly (readonly Piece[])[] };

/** Returns whether the text has a character with a special meaning in globs. */
export const isGlob = (pattern: string): boolean => /[*?[{]/.test(pattern);

/**
 * Compiles a glob over names. Case does not count, and a slash is an ordinary character.
 *
 * The cost of a match is at most the length of the glob times that of the name. Clients choose the names, and a matcher
 * with backtracking takes seconds for `*a*a*a*a*b` and a name of 256 characters.
 */
export function compileGlob(pattern: string): (name: string) => boolean {
  const pieces = readPieces(pattern.toLowerCase());
  return (name) => {
    const text = name.toLowerCase();
    return advance(pieces, text, [0]).at(-1) === text.length;
  };
}

/**
 * Returns the possible end positions of the pieces in the text, ascending, from the possible end positions of the pieces
 * before them.
 */
function advance(pieces: readonly Piece[], text: string, from: readonly number[]): readonly number[] {
  return pieces.reduce((places, piece) => (places.length === 0 ? places : step(piece, text, places)), from);
}

function step(piece: Piece, text: string, places: readonly number[]): readonly number[] {
  switch (piece.kind) {
    case 'text':
      return places.filter((at) => text.startsWith(piece.text, at)).map((at) => at + piece.text.length);
    case 'one':
      return places.filter((at) => at < text.length && piece.fits(text.charAt(at))).map((at) => at + 1);
    case 'any': {
      const [first = text.length] = places;
      return Array.from({ length: text.length - first + 1 }, (_, offset) => first + offset);
    }
    case 'choice': {
      const reached = new Set(piece.choices.flatMap((choice) => advance(choice, text, places)));
      return [...reached].toSorted((a, b) => a - b);
    }
  }
}

function readPieces(glob: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  const endText = (): void => {
    if (text !== '') pieces.push({ kind: 'text', text });
    text = '';
  };
  let at = 0;
  while (at < glob.length) {
    const special = readSpecial(glob, at);
    if (special === undefined) {
      if (glob.charAt(at) === '\\' && at + 1 < glob.length) at++;
      text += glob.charAt(at);
      at++;
    } else {
      endText();
      // Several stars in a row equal one.
      if (special.piece.kind !== 'any' || pieces.at(-1)?.kind !== 'any') pieces.push(special.piece);
      ({ at } = special);
    }
  }
  endText();
  return pieces;
}

/** Returns the special piece at a position; undefined for an ordinary character. */
function readSpecial(glob: string, at: number): { piece: Piece; at: number } | undefined {
  switch (glob.charAt(at)) {
    case '*':
      return { piece: { kind: 'any' }, at: at + 1 };
    case '?':
      return { piece: { kind: 'one', fits: () => true }, at: at + 1 };
    case '[':
      return readSet(glob, at + 1);
    case '{':
      return readChoice(glob, at + 1);
    default:
      return undefined;
  }
}

/** Reads `a-c]` or `!a-c]`. A set without its closing bracket is text. */
function readSet(glob: string, start: number): { piece: Piece; at: number } | undefined {
  const isOutside = glob.charAt(start) === '!' || glob.charAt(start) === '^';
  const first = isOutside ? start + 1 : start;
  // A closing bracket in the first position belongs to the set.
  const end = glob.indexOf(']', first + 1);
  if (end < 0) return undefined;
  const ranges: [low: string, high: string][] = [];
  for (let at = first; at < end; at++) {
    const isRange = glob.charAt(at + 1) === '-' && at + 2 < end;
    ranges.push([glob.charAt(at), glob.charAt(isRange ? at + 2 : at)]);
    if (isRange) at += 2;
  }
  const isIn = (character: string): boolean => ranges.some(([low, high]) => low <= character && character <= high);
  return { piece: { kind: 'one', fits: (character) => isIn(character) !== isOutside }, at: end + 1 };
}

/** Reads `a,b}`. A choice without its closing brace or without a second alternative is text. */
function readChoice(glob: string, start: number): { piece: Piece; at: number } | undefined {
  const choices: string[] = [];
  let depth = 0;
  let from = start;
  for (let at = start; at < glob.length; at++) {
    const character = glob.charAt(at);
    if (character === '\\') at++;
    else if (character === '{') depth++;
    else if (character === '}' && depth > 0) depth--;
    else if (depth === 0 && (character === ',' || character === '}')) {
      choices.push(glob.slice(from, at));
      from = at + 1;
      if (character === ',') continue;
      return choices.length > 1 ? { piece: { kind: 'choice', choices: choices.map(readPieces) }, at: from } : undefined;
    }
  }
  return undefined;
}
