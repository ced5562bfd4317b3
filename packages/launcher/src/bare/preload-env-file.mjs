// Loaded with `node --import` into a service that runs in the foreground, on Node 24, before the service's own code.
import { fileURLToPath } from 'node:url';
import { takeEnvFile } from './env-file.mjs';
import { trustExtraCertificates } from './extra-certificates.mjs';
import { reportFailure } from './launch-error.mjs';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** @param {string} text */
const say = (text) => void process.stderr.write(`${text}\n`);

const { NODE_EXTRA_CA_CERTS: readByNode } = process.env;
try {
  const said = takeEnvFile(root, process.env);
  if (said !== undefined) say(said);
  const fault = readByNode === undefined ? trustExtraCertificates(process.env.NODE_EXTRA_CA_CERTS) : undefined;
  if (fault !== undefined) say(fault);
} catch (error) {
  process.exit(reportFailure(error, say));
}
