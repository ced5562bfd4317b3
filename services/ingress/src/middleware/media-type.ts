import type { IncomingMessage } from 'node:http';
import { GatewayError } from '@sluice/protocol';

const json = /^(?:application\/json|[\w!#$&^.+-]+\/[\w!#$&^.+-]+\+json)$/i;
/** Default type of curl's `-d` and `--data-binary`, for any body. */
const curlDefault = /^application\/x-www-form-urlencoded$/i;
const charset = /;\s*charset\s*=\s*"?([^\s;"]+)"?/i;

/**
 * Refuses all types but JSON: a web page can send other types to any server without a preflight.
 * @param isKeyed the request has a valid key, so no foreign page sends it: its type may be missing, or curl's default
 * @throws GatewayError 415
 */
export function requireJson({ headers }: Pick<IncomingMessage, 'headers'>, isKeyed: boolean): void {
  const given = headers['content-type'];
  const [type = ''] = (given ?? '').split(';');
  if (isKeyed && (given === undefined || curlDefault.test(type.trim()))) return;
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
