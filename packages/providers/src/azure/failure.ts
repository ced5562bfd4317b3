import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';

/**
 * Rules for Azure's errors. Source: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota and the error
 * bodies shown there.
 */
const azureRules: readonly FailureRule[] = [
  // The resource's network rules refuse the request, whatever its key.
  {
    status: [403],
    text: /virtual network|firewall rules|public access is disabled|private endpoint|not allowed by network/i,
    kind: 'unexpected',
  },
  // The body's code is the number 404: the resource exists, but not this path or version.
  { status: [404], text: /^resource not found\.?$/im, kind: 'unexpected' },
  { status: [401], code: /^PermissionDenied$/, kind: 'permission' },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  describeFailure(head, bodyText, azureRules);
