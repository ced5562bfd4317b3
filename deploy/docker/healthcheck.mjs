// Exits with 0 if the service of this container is ready: `node healthcheck.mjs PORT [PATH]`; METRICS_PORT takes precedence.
import { get } from 'node:http';

const [usualPort, path = '/readyz'] = process.argv.slice(2);
const request = get({
  host: '127.0.0.1',
  port: Number(process.env['METRICS_PORT'] || usualPort),
  path,
  timeout: 2000,
});
request.on('response', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1));
request.on('timeout', () => process.exit(1));
request.on('error', () => process.exit(1));
