import { GatewayError } from '../errors/gateway-error.ts';
import { fieldOf } from './field-errors.ts';

/** What some gateways let clients say in a body, and by which a request could be sent to other places than the operator's. */
const operatorFields = ['api_base', 'base_url', 'api_key', 'extra_headers'] as const;

/**
 * Fields that nobody here knows go on to the provider; not so those that could mean something to a gateway there.
 * @throws GatewayError `unsupported_parameter` that names the field
 */
export function refuseOperatorFields(body: object): void {
  const param = operatorFields.find((name) => fieldOf(body, name) != null);
  if (param === undefined) return;
  throw new GatewayError('unsupported_parameter', {
    param,
    message: `Unsupported parameter: '${param}'. Where a request goes, and with which credentials, is not for clients to say; leave it out.`,
  });
}
