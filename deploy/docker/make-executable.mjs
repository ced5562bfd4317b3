// Part of the build of the images: makes a service's entry file a program that the kernel starts with Node and the flags
// of `npm start`. So they stand in one place, Node is process 1 and gets the signals, and no shell takes part.
//
//   node make-executable.mjs ingress|worker|simulator
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { serviceArguments } from '../../packages/launcher/src/bare/service-command.mjs';

/** The kernel reads no more of the first line. */
const longestLine = 255;

const [name] = process.argv.slice(2);
const root = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');
const preload = new URL('load-secrets.mjs', import.meta.url).href;
const flags = serviceArguments({ root, name });
const main = flags.pop();
const line = ['#!/usr/bin/env -S node', ...flags.slice(0, 1), `--import ${preload}`, ...flags.slice(1)].join(' ');
if (line.length > longestLine) throw new Error(`the first line is longer than ${longestLine} characters: ${line}`);

const map = `${main}.map`;
const { mappings, ...rest } = JSON.parse(readFileSync(map, 'utf8'));
writeFileSync(main, `${line}\n${readFileSync(main, 'utf8')}`);
// Everything stands a line lower now.
writeFileSync(map, JSON.stringify({ ...rest, mappings: `;${mappings}` }));
chmodSync(main, 0o755);
console.log(`${main}: ${line}`);
