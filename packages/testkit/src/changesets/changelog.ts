import { type Bump, bumpOf, bumps, type Changeset } from './changeset.ts';

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
    const texts = changesets.filter((changeset) => bumpOf(changeset) === bump).map(({ text }) => text);
    return texts.length === 0 ? [] : [`### ${headings[bump]}`, ...texts];
  });
  const section = [`## ${version} (${day})`, ...kinds].join('\n\n');
  const at = firstRelease.exec(changelog)?.index ?? changelog.length;
  return `${[changelog.slice(0, at).trimEnd(), section, changelog.slice(at).trimEnd()].join('\n\n').trimEnd()}\n`;
}

/**
 * Returns the version after these changes, as changesets computes it for packages that share one version.
 * @throws Error if the version is not of the form 1.2.3
 */
export function nextVersion(version: string, changesets: readonly Changeset[]): string {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)$/.exec(version)?.map(Number) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) {
    throw new Error(`a version must be of the form 1.2.3; it is ${version}`);
  }
  const largest = bumps.find((bump) => changesets.some((changeset) => bumpOf(changeset) === bump));
  switch (largest) {
    case 'major':
      return `${major + 1}.0.0`;
    case 'minor':
      return `${major}.${minor + 1}.0`;
    case 'patch':
      return `${major}.${minor}.${patch + 1}`;
    case undefined:
      return version;
  }
}
