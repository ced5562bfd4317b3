// Moves the texts of all changesets into CHANGELOG.md, as the section of the next release. `changeset version` follows: it
// raises the versions of the packages and deletes the files.
import { readFileSync, writeFileSync } from 'node:fs';
import { rootUrl } from '../checklist/read-checklist.ts';
import { nextVersion, withRelease } from './changelog.ts';
import { changesetFiles, readChangeset, readManifests } from './read-changesets.ts';

const changelogUrl = new URL('CHANGELOG.md', rootUrl);
const changesets = changesetFiles().map(readChangeset);
const [first] = readManifests();
if (first === undefined || changesets.length === 0)
  throw new Error('.changeset has no changes: there is nothing to release');
const version = nextVersion(first.version, changesets);
const day = new Date().toISOString().slice(0, 10);
writeFileSync(changelogUrl, withRelease(readFileSync(changelogUrl, 'utf8'), { version, day, changesets }));
