import { describe, expect, it } from 'vitest';
import { withRelease } from '../../src/changesets/changelog.ts';
import type { Bump, Changeset } from '../../src/changesets/read-changesets.ts';

const change = (bump: Bump, summary = 'A thing.', ...more: readonly Bump[]): Changeset => ({
  id: 'some-file',
  releases: [{ name: '@sluice/ingress', type: bump }, ...more.map((type) => ({ name: '@sluice/worker', type }))],
  summary,
});

describe('the changelog', () => {
  it('gets a release before all earlier ones, with its largest changes first', () => {
    const changesets = [
      change('patch', '**C** is mended.'),
      change('patch', '**A** is new.', 'minor'),
      change('minor', '**B** too.'),
    ];
    const changelog = '# Changelog\n\nFor operators.\n\n## 0.1.0 (2026-11-20)\n\n### Fixed\n\nOld.\n';
    expect(withRelease(changelog, { version: '0.2.0', day: '2026-11-30', changesets })).toBe(
      [
        '# Changelog',
        'For operators.',
        '## 0.2.0 (2026-11-30)',
        '### Changed and added',
        '**A** is new.',
        '**B** too.',
        '### Fixed',
        '**C** is mended.',
        '## 0.1.0 (2026-11-20)',
        '### Fixed',
        'Old.\n',
      ].join('\n\n'),
    );
  });

  it('gets its first release at its end', () => {
    const release = { version: '1.0.0', day: '2026-11-30', changesets: [change('major')] };
    expect(withRelease('# Changelog\n', release)).toBe(
      '# Changelog\n\n## 1.0.0 (2026-11-30)\n\n### Breaks something\n\nA thing.\n',
    );
  });
});
