import { describe, expect, it } from 'vitest';
import { bumpOf, parseChangeset } from '../../src/changesets/changeset.ts';

describe('a changeset', () => {
  it('has packages with the kind of their change, and a text', () => {
    const { releases, text } = parseChangeset(
      '---\n"@sluice/ingress": minor\n\'@sluice/worker\': patch\n---\n\n**A thing** is new.\n\n- So is another.\n',
    );
    expect([...releases]).toEqual([
      ['@sluice/ingress', 'minor'],
      ['@sluice/worker', 'patch'],
    ]);
    expect(text).toBe('**A thing** is new.\n\n- So is another.');
  });

  it.each([
    ['without front matter', 'A thing is new.', 'must begin with "---"'],
    ['without an end of the front matter', '---\n"@sluice/ingress": minor\n\nA thing.', 'must begin with "---"'],
    ['without a package', '---\n\n---\n\nA thing.', 'a line must read'],
    ['with an unknown kind', '---\n"@sluice/ingress": none\n---\n\nA thing.', 'it is "@sluice/ingress": none'],
    ['with a name that has no quotes', '---\n@sluice/ingress: minor\n---\n\nA thing.', 'it is @sluice/ingress: minor'],
    ['without a text', '---\n"@sluice/ingress": minor\n---\n\n', 'a text for the changelog'],
  ])('is refused %s', (_what, file, message) => {
    expect(() => parseChangeset(file)).toThrow(message);
  });

  it('counts as its largest change', () => {
    expect(
      bumpOf({
        releases: new Map([
          ['a', 'patch'],
          ['b', 'major'],
          ['c', 'minor'],
        ]),
      }),
    ).toBe('major');
    expect(bumpOf({ releases: new Map([['a', 'patch']]) })).toBe('patch');
  });
});
