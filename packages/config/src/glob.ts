/**
 * The characters of a glob: `*` any number of any characters, `?` one of them, `[a-c]` and `[!a-c]` one of
 * a set or one outside of it, `{a,b}` one of several globs, `\` takes the meaning from the next one.
 */
type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'one'; readonly fits: (character: string) => boolean }
  | { readonly kind: 'choice'; readonly choices: readonly (readonly Piece[])[] };

/** Returns whether the text holds a character that means more than itself in a glob. */
export const isGlob = (pattern: string): boolean => /[*?[{]/.test(pattern);

/**
 * Compiles a glob over names, in which upper and lower case are the same and a slash is a character like others.
 *
 * A match costs at most the length of the glob times that of the name: clients choose the names, and a matcher that
 * tries one way after another takes seconds for `*a*a*a*a*b` and a name of 256 characters.
 */
export function compileGlob(pattern: string): (name: string) => boolean {
  const pieces = readPieces(pattern.toLowerCase());
  return (name) => {
    const text = name.toLowerCase();
    return advance(pieces, text, [0]).at(-1) === text.length;
  };
}

/**
 * From the positions in the text that the pieces before may end at, computes those that these pieces may end at.
 * Ascending.
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
      // Stars in a row mean no more than one.
      if (special.piece.kind !== 'any' || pieces.at(-1)?.kind !== 'any') pieces.push(special.piece);
      ({ at } = special);
    }
  }
  endText();
  return pieces;
}

/** Undefined where the character at this place stands for itself. */
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

/** `a-c]` or `!a-c]`. A set that is never closed is text. */
function readSet(glob: string, start: number): { piece: Piece; at: number } | undefined {
  const isOutside = glob.charAt(start) === '!' || glob.charAt(start) === '^';
  const first = isOutside ? start + 1 : start;
  // A bracket in the first place is one of the set, not its end.
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

/** `a,b}`. What is never closed, or has no second choice, is text. */
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
