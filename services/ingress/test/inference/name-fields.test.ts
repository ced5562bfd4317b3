import { GatewayError } from '@sluice/protocol';
import { toMessagesField } from '@sluice/surfaces';
import { describe, expect, it } from 'vitest';
import { nameFields } from '../../src/inference/name-fields.ts';

const message = 'The model "m" does not support "reasoning_effort", "top_k".';
const error = new GatewayError('unsupported_parameter', { param: 'reasoning_effort', message });

describe('an error of a chat request', () => {
  it('has the names of the surface, in its message too', () => {
    expect(nameFields(error, toMessagesField)).toMatchObject({
      code: 'unsupported_parameter',
      param: 'output_config.effort',
      message: 'The model "m" does not support "output_config.effort", "top_k".',
    });
  });

  it.each<[string, GatewayError]>([
    ['it names no field', new GatewayError('upstream_error')],
    ['its field has the same name', new GatewayError('unsupported_parameter', { param: 'top_k' })],
    [
      'a provider wrote it for the client’s own request',
      new GatewayError('invalid_request', {
        param: 'reasoning_effort',
        upstreamAnswer: { status: 400, body: '{}' },
      }),
    ],
  ])('stays as it is where %s', (_case, given) => {
    expect(nameFields(given, toMessagesField)).toBe(given);
  });

  it('stays as it is on the surface of chat requests', () => {
    expect(nameFields(error, undefined)).toBe(error);
  });
});
