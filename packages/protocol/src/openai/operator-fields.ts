import { GatewayError } from '../errors/gateway-error.ts';
import { fieldOf } from './field-errors.ts';

/**
 * Fields that some gateways accept in a body and that could send a request to a place that the operator has not chosen.
 */
const operatorFields = ['api_base', 'base_url', 'api_key', 'extra_headers'] as const;

/**
 * Refuses fields that could redirect a request at a gateway behind this one. Other unknown fields are passed to the
 * provider.
 * @throws GatewayError `unsupported_parameter` that names the field
 */
export function refuseOperatorFields(body: object): void {
  const param = operatorFields.find((name) => fieldOf(body, name) != null);
  if (param === undefined) return;
  throw new GatewayError('unsupported_parameter', {
    param,
    message: `Unsupported parameter: '${param}'. The operator decides where requests go and with which credentials; leave it out.`,
  });
}
