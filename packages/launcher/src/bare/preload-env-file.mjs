// Runs inside a service in the foreground, on Node 24 and before anything of the service: `node --import` of this file.
import { fileURLToPath } from 'node:url';
import { takeEnvFile } from './env-file.mjs';
import { reportFailure } from './launch-error.mjs';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** @param {string} text */
const say = (text) => void process.stderr.write(`${text}\n`);

try {
  const said = takeEnvFile(root, process.env);
  if (said !== undefined) say(said);
} catch (error) {
  process.exit(reportFailure(error, say));
}
