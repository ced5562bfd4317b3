// Part of the build of the images: removes everything from a pruned repository that only tests and the build need, so that
// `npm ci` installs the remaining packages. `npm ci --omit=dev` would install the test kit: it includes every workspace.
//
//   node leave-out-tests.mjs FOLDER NAME-OF-A-WORKSPACE...
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...wanted] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
const write = (path, value) => writeFileSync(join(folder, path), `${JSON.stringify(value, undefined, 2)}\n`);

const root = read('package.json');
const manifests = new Map(root.workspaces.map((path) => [path, read(`${path}/package.json`)]));

/** The named workspaces, with all their dependencies at run time. */
const kept = new Set();
const keep = (name) => {
  for (const [path, manifest] of manifests) {
    if (manifest.name !== name || kept.has(path)) continue;
    kept.add(path);
    for (const dependency of Object.keys(manifest.dependencies ?? {})) keep(dependency);
  }
};
for (const name of wanted) keep(name);

const workspaces = root.workspaces.filter((path) => kept.has(path));
const forProduction = ({ devDependencies: _tests, ...manifest }) => manifest;
write('package.json', { ...forProduction(root), workspaces });
const lock = read('package-lock.json');
for (const [path, manifest] of manifests) {
  if (kept.has(path)) {
    write(`${path}/package.json`, forProduction(manifest));
    lock.packages[path] = forProduction(lock.packages[path]);
  } else {
    rmSync(join(folder, path), { recursive: true });
    delete lock.packages[path];
    delete lock.packages[`node_modules/${manifest.name}`];
  }
}
lock.packages[''] = { ...forProduction(lock.packages['']), workspaces };
write('package-lock.json', lock);
