import { GatewayError } from '@sluice/protocol';

/** Error for a part of a request that only Anthropic itself can serve. */
export const onlyAnthropic = (param: string, what: string): GatewayError =>
  new GatewayError('unsupported_parameter', {
    param,
    message: `Invalid '${param}': ${what} is only available where an upstream of Anthropic serves the model. Leave it out, or use another model.`,
  });

/** Error for a value that the request itself contradicts. */
export const wrongValue = (param: string, what: string): GatewayError =>
  new GatewayError('invalid_value', { param, message: `Invalid '${param}': ${what}` });
