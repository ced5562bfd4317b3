import type { IncomingMessage } from 'node:http';
import { GatewayError } from '@sluice/protocol';

const json = /^(?:application\/json|[\w!#$&^.+-]+\/[\w!#$&^.+-]+\+json)$/i;
/** What curl says of `-d` and `--data-binary` when nobody names a type: it means no more than none. */
const curlsOwn = /^application\/x-www-form-urlencoded$/i;
const charset = /;\s*charset\s*=\s*"?([^\s;"]+)"?/i;

/**
 * Only JSON is read: a web page can send other types to any server without asking it first.
 * @param isKeyed a request that brought a key comes from no strange page, and may leave out what type it has, as curl's `-d` does
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
