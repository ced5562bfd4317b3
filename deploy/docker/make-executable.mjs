// Part of the build of the images: makes a service's entry file a program that the kernel starts with Node and the flags
// of `npm start`. So the flags stand in one place, and Node is process 1 and gets the signals, without a shell.
//
//   node make-executable.mjs ingress|worker|simulator [FOLDER-AT-RUN-TIME]
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { serviceArguments } from '../../packages/launcher/src/bare/service-command.mjs';

/** Maximum length of the first line that the kernel reads. */
const longestLine = 255;

const root = fileURLToPath(new URL('../..', import.meta.url));
const [name, home = root] = process.argv.slice(2);
const preload = pathToFileURL(join(home, 'deploy/docker/load-secrets.mjs')).href;
const flags = serviceArguments({ root: home, name });
const main = join(root, relative(home, flags.pop()));
const line = ['#!/usr/bin/env -S node', ...flags.slice(0, 1), `--import ${preload}`, ...flags.slice(1)].join(' ');
if (line.length > longestLine) throw new Error(`the first line is longer than ${longestLine} characters: ${line}`);

const map = `${main}.map`;
const { mappings, ...rest } = JSON.parse(readFileSync(map, 'utf8'));
writeFileSync(main, `${line}\n${readFileSync(main, 'utf8')}`);
// The added first line moves everything down by one line.
writeFileSync(map, JSON.stringify({ ...rest, mappings: `;${mappings}` }));
chmodSync(main, 0o755);
console.log(`${main}: ${line}`);
