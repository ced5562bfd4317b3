import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';

/** Source: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota and the error bodies that it shows. */
const azureRules: readonly FailureRule[] = [
  // The resource's network rules: no key of it would do.
  {
    status: [403],
    text: /virtual network|firewall rules|public access is disabled|private endpoint|not allowed by network/i,
    kind: 'unexpected',
  },
  // The body's code is the number 404: the resource is there, but not this path of it or this version.
  { status: [404], text: /^resource not found\.?$/im, kind: 'unexpected' },
  { status: [401], code: /^PermissionDenied$/, kind: 'permission' },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  describeFailure(head, bodyText, azureRules);
