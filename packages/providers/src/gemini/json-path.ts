/** Path to a value inside a call's arguments: names of members and indices of lists. */
export type ValuePath = readonly (string | number)[];

/** One step of RFC 9535's singular paths: `.name`, `['name']`, `["name"]` or `[0]`. */
const step =
  /\.(?<name>[^.[\]\s]+)|\[(?:'(?<single>(?:[^'\\]|\\.)*)'|"(?<double>(?:[^"\\]|\\.)*)"|(?<place>\d{1,6}))\]/y;

/** Parses a path; returns undefined if it does not denote a single value below the root. */
export function parseJsonPath(text: string): ValuePath | undefined {
  if (!text.startsWith('$')) return undefined;
  const path: (string | number)[] = [];
  for (let at = 1; at < text.length; at = step.lastIndex) {
    step.lastIndex = at;
    const { name, single, double, place } = step.exec(text)?.groups ?? {};
    const member = name ?? unescaped(single ?? double);
    if (member === undefined && place === undefined) return undefined;
    path.push(member ?? Number(place));
  }
  return path.length === 0 ? undefined : path;
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescaped(name: string | undefined): string | undefined {
  return name?.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, code: string | undefined, character: string) =>
    code === undefined ? (escapes[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
