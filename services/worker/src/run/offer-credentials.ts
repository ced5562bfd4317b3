import { targetName } from '@sluice/policy';
import type { ChatBody, RetryState } from '@sluice/protocol';
import type { Credential, Target } from '../targets/targets.ts';

/** Name of a credential within the refusals of one target. */
export const credentialName = (target: Target, credentialId: string): string => `${targetName(target)}#${credentialId}`;

/** Offers the credentials of a target that may send this request; guest credentials only if there is no other. */
export function offerCredentials(
  target: Target,
  body: ChatBody,
  { forbidden, incapable }: RetryState,
): ReturnType<Target['pool']['offer']> {
  const { pool, adapter } = target;
  const needsUser = adapter.refusesGuests?.(body) === true && pool.hasSome(isUser);
  return pool.offer((credential) => {
    const name = credentialName(target, credential.id);
    return !forbidden.includes(name) && !incapable.includes(name) && (!needsUser || isUser(credential));
  });
}

const isUser = ({ tokens }: Credential): boolean => tokens?.kind !== 'anonymous';
