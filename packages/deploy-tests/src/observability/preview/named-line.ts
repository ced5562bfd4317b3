/** A line with its legend. */
export interface NamedLine {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970 and a value. */
  readonly points: readonly (readonly [number, number])[];
}

/** Escapes a text for HTML. */
export const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
