import { type Bump, bumps, type Changeset } from './read-changesets.ts';

const headings: Readonly<Record<Bump, string>> = {
  major: 'Breaks something',
  minor: 'Changed and added',
  patch: 'Fixed',
};

/** Heading of the newest release in the changelog. */
const firstRelease = /^## /m;

export interface Release {
  readonly version: string;
  /** Day of the release, as in `2026-11-30`. */
  readonly day: string;
  readonly changesets: readonly Changeset[];
}

/** Returns the changelog with the section of a release before all earlier ones. */
export function withRelease(changelog: string, { version, day, changesets }: Release): string {
  const kinds = bumps.flatMap((bump) => {
    const texts = changesets.filter((changeset) => bumpOf(changeset) === bump).map(({ summary }) => summary);
    return texts.length === 0 ? [] : [`### ${headings[bump]}`, ...texts];
  });
  const section = [`## ${version} (${day})`, ...kinds].join('\n\n');
  const at = firstRelease.exec(changelog)?.index ?? changelog.length;
  return `${[changelog.slice(0, at).trimEnd(), section, changelog.slice(at).trimEnd()].join('\n\n').trimEnd()}\n`;
}

/** Returns the largest kind of change. */
function bumpOf({ releases }: Changeset): Bump {
  return bumps.find((bump) => releases.some(({ type }) => type === bump)) ?? 'patch';
}
