import { describe, expect, it } from 'vitest';
import { nextVersion, withRelease } from '../../src/changesets/changelog.ts';
import type { Bump, Changeset } from '../../src/changesets/changeset.ts';

const change = (bump: Bump, text = 'A thing.'): Changeset => ({ releases: new Map([['@sluice/ingress', bump]]), text });

describe('the changelog', () => {
  it('gets a release before all earlier ones, with its largest changes first', () => {
    const changesets = [
      change('patch', '**C** is mended.'),
      change('minor', '**A** is new.'),
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

describe('the next version', () => {
  it.each<[string, Bump[], string]>([
    ['0.1.9', ['patch'], '0.1.10'],
    ['0.1.9', ['patch', 'minor'], '0.2.0'],
    ['0.1.9', ['minor', 'major', 'patch'], '1.0.0'],
    ['0.1.9', [], '0.1.9'],
  ])('after %s with changes of the kinds %j is %s', (version, kinds, next) => {
    expect(
      nextVersion(
        version,
        kinds.map((bump) => change(bump)),
      ),
    ).toBe(next);
  });

  it('needs a plain version', () => {
    expect(() => nextVersion('1.0.0-rc.1', [])).toThrow('it is 1.0.0-rc.1');
  });
});
