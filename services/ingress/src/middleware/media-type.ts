import type { IncomingMessage } from 'node:http';
import { GatewayError } from '@sluice/protocol';

const json = /^(?:application\/json|[\w!#$&^.+-]+\/[\w!#$&^.+-]+\+json)$/i;
/** The type that curl sends with `-d` and `--data-binary` by default: it says nothing about the body. */
const curlsOwn = /^application\/x-www-form-urlencoded$/i;
const charset = /;\s*charset\s*=\s*"?([^\s;"]+)"?/i;

/**
 * Only JSON is read: a web page can send other types to any server without asking it first.
 * @param isKeyed the request brought a key, so it comes from no foreign page: it may have no type, or curl's default
 * @throws GatewayError 415
 */
export function requireJson({ headers }: Pick<IncomingMessage, 'headers'>, isKeyed: boolean): void {
  const given = headers['content-type'];
  const [type = ''] = (given ?? '').split(';');
  if (isKeyed && (given === undefined || curlsOwn.test(type.trim()))) return;
  if (!json.test(type.trim())) {
    throw new GatewayError('unsupported_media_type', {
      message: `The request body must be JSON: send "content-type: application/json"${given === undefined ? '' : ` instead of "${given.slice(0, 64)}"`}.`,
    });
  }
  const [, name] = charset.exec(given ?? '') ?? [];
  if (name !== undefined && !/^utf-?8$/i.test(name)) {
    throw new GatewayError('unsupported_media_type', {
      message: `The request body must be UTF-8, not "${name.slice(0, 64)}".`,
    });
  }
}
