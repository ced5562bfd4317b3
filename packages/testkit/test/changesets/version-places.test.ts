import { globSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readManifests } from '../../src/changesets/read-changesets.ts';
import { versionPlaces, withVersion } from '../../src/changesets/version-places.ts';
import { rootUrl } from '../../src/checklist/read-checklist.ts';

const root = fileURLToPath(rootUrl);
const read = (file: string): string => readFileSync(new URL(file, rootUrl), 'utf8');
const version = readManifests()[0]?.version ?? '';

describe('a place that names the version', () => {
  it.each(versionPlaces)('has that of the packages: $file after $before', (place) => {
    const text = read(place.file);
    expect(withVersion(place, text, version)).toBe(text);
    expect(withVersion(place, text, '99.0.0-beta.1')).toContain('99.0.0-beta.1');
  });

  it('is in the list if it is a tag of an image', () => {
    const files = globSync(['*.{md,yml}', 'docs/**/*.md', 'deploy/**/*'], { cwd: root }).filter((file) =>
      statSync(new URL(file, rootUrl)).isFile(),
    );
    expect(files.length).toBeGreaterThan(50);
    const tagging = files.filter((file) => /\bsluice\/[$\w]+:\d/.test(read(file)));
    const listed = new Set(versionPlaces.map(({ file }) => file));
    expect(tagging.length).toBeGreaterThan(3);
    expect(tagging.filter((file) => !listed.has(file))).toEqual([]);
  });
});

describe('withVersion', () => {
  const place = { file: 'some.yaml', before: /image: sluice\/\w+:/g };

  it('replaces each version, also one of several digits and one before a release', () => {
    const text = 'image: sluice/a:0.1.0\nimage: sluice/b:10.20.30-rc.1\nimage: other/b:0.1.0\n';
    expect(withVersion(place, text, '1.0.0')).toBe(
      'image: sluice/a:1.0.0\nimage: sluice/b:1.0.0\nimage: other/b:0.1.0\n',
    );
  });

  it('leaves the end of a sentence alone', () => {
    expect(withVersion(place, 'image: sluice/a:0.1.0.', '0.2.0')).toBe('image: sluice/a:0.2.0.');
  });

  it('refuses a text without a version', () => {
    expect(() => withVersion(place, 'image: sluice/a:latest', '1.0.0')).toThrow('some.yaml has no version');
  });
});
