// Runs in the images before the service. Reads a mounted file of secrets as Node reads `.env` files; variables of the
// environment take precedence.
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

const file = '/run/sluice/env';

try {
  for (const [name, value] of Object.entries(parseEnv(readFileSync(file, 'utf8')))) {
    // An empty variable counts as not set.
    if ((process.env[name] ?? '') === '') process.env[name] = value;
  }
} catch (error) {
  if (error.code !== 'ENOENT') {
    process.stderr.write(`${file} can't be read (${error.code}).\n`);
    process.exit(1);
  }
}
