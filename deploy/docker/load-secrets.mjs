// Runs in the images before the service. Reads a mounted file of secrets as Node reads `.env` files; variables of the
// environment take precedence.
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

const file = '/run/sluice/env';

/** An empty variable counts as not set, and so does the SQLite file of unified-proxy, which only that gateway could use. */
const isUsable = (name) => {
  const text = process.env[name] ?? '';
  return text !== '' && !(name === 'DATABASE_URL' && text.startsWith('sqlite'));
};

try {
  for (const [name, value] of Object.entries(parseEnv(readFileSync(file, 'utf8')))) {
    if (!isUsable(name)) process.env[name] = value;
  }
} catch (error) {
  if (error.code !== 'ENOENT') {
    process.stderr.write(`${file} can't be read (${error.code}).\n`);
    process.exit(1);
  }
}
