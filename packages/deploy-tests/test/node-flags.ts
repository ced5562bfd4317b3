import { z } from 'zod';
import { readRepositoryFile } from '../src/index.ts';

/** The flags with which every service starts. */
export const readNodeFlags = (): string[] =>
  z.array(z.string()).parse(JSON.parse(readRepositoryFile('packages/launcher/node-flags.json')));
