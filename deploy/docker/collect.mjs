// Part of the build of the images: puts the built files beside the production dependencies of one image, writes its list of
// software, and gives every file the same time, so that the same input makes the same layers.
//
//   node collect.mjs BUILT-REPOSITORY FOLDER FOLDER-AT-RUN-TIME PROGRAM...
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, lutimesSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [built, app, home, ...programs] = process.argv.slice(2);
/** Parts of a package that are needed at run time, beside its manifest. */
const parts = ['dist', 'lua', 'migrations', 'node-flags.json'];
const isForTheCompilerAlone = (path) => /\.d\.m?ts(\.map)?$|\.tsbuildinfo$/.test(path);

const { workspaces } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
for (const path of workspaces) {
  for (const part of parts) {
    const from = join(built, path, part);
    if (!existsSync(from)) continue;
    cpSync(from, join(app, path, part), { recursive: true, filter: (file) => !isForTheCompilerAlone(file) });
  }
}

writeFileSync(join(app, 'sbom.cdx.json'), softwareList());
// Half of the files that npm installs are for editors and readers. Licences stay.
const isForPeople = (path) => /\.(map|md|markdown|[cm]?ts|[cm]?tsx|flow)$|\.tsbuildinfo$/.test(path);
for (const path of filesBelow(join(app, 'node_modules'))) {
  if (isForPeople(path) && !/licen[cs]e|notice/i.test(path)) rmSync(path);
}
const tools = join(built, 'deploy/docker');
mkdirSync(join(app, 'deploy/docker'), { recursive: true });
for (const file of ['load-secrets.mjs', 'healthcheck.mjs']) cpSync(join(tools, file), join(app, 'deploy/docker', file));
cpSync(join(tools, 'make-executable.mjs'), join(app, 'deploy/docker/make-executable.mjs'));
cpSync(join(built, 'packages/launcher/node-flags.json'), join(app, 'packages/launcher/node-flags.json'));
const command = 'packages/launcher/src/bare/service-command.mjs';
cpSync(join(built, command), join(app, command));
for (const program of programs) {
  execFileSync(process.execPath, [join(app, 'deploy/docker/make-executable.mjs'), program, home], { stdio: 'inherit' });
}
rmSync(join(app, 'deploy/docker/make-executable.mjs'));
rmSync(join(app, 'packages/launcher/src'), { recursive: true });
for (const file of ['package-lock.json', 'node_modules/.package-lock.json']) rmSync(join(app, file), { force: true });
setTimes(app, Number(process.env['SOURCE_DATE_EPOCH'] || Date.now() / 1000));

/** Writes the list in CycloneDX, without fields that differ from build to build. */
function softwareList() {
  const text = execFileSync('npm', ['sbom', '--no-update-notifier', '--sbom-format=cyclonedx'], {
    cwd: app,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const { serialNumber: _serialNumber, ...list } = JSON.parse(text);
  const { timestamp: _timestamp, ...metadata } = list.metadata;
  return `${JSON.stringify({ ...list, metadata }, undefined, 1)}\n`;
}

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    // The links to our own packages are left alone.
    else if (entry.isFile()) yield path;
  }
}

function setTimes(folder, seconds) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) setTimes(path, seconds);
    else lutimesSync(path, seconds, seconds);
  }
  lutimesSync(folder, seconds, seconds);
}
