import { innermost } from './innermost.ts';

/** Redis refuses the configured access; waiting does not help. The message names the setting to correct. */
export class RedisRefusal extends Error {
  override readonly name = 'RedisRefusal';
}

interface Reason {
  readonly pattern: RegExp;
  readonly text: string;
  readonly advice: string;
}

const reasons: readonly Reason[] = [
  {
    // Scripts run with the user's permissions.
    pattern: /^NOPERM|-NOPERM|ACL failure in script/,
    text: 'The Redis user lacks a permission that Sluice needs',
    advice: 'Give redis.username (or the user in REDIS_URL) the rights that SECURITY.md lists for this service.',
  },
  {
    pattern: /^NOAUTH/,
    text: 'Redis refuses the credentials',
    advice: 'Set redis.password, or write the password into REDIS_URL.',
  },
  {
    pattern: /^(?:WRONGPASS|ERR (?:AUTH|invalid password|Client sent AUTH))/,
    text: 'Redis refuses the credentials',
    advice: 'Correct redis.username and redis.password, or the user and the password in REDIS_URL.',
  },
];

const noDatabase: Omit<Reason, 'pattern'> = {
  text: 'Redis has no database with the number at the end of redis.url',
  advice: 'Correct that number in redis.url (REDIS_URL); without it the database is 0.',
};

/** Finds the refusal in an error of a connection or a command. Undefined for temporary failures and other errors. */
export function findRefusal(error: unknown): RedisRefusal | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof RedisRefusal) return error;
  const cause = innermost(error);
  const { message } = cause;
  const byWords = reasons.find(({ pattern }) => pattern.test(message));
  const reason = byWords ?? (isOfSelect(cause) ? noDatabase : undefined);
  if (reason === undefined) return undefined;
  // The new error has no cause: the original error holds the command, which contains the password.
  return new RedisRefusal(`${reason.text}: ${message.replace(/\.$/, '')}. ${reason.advice}`);
}

/**
 * Returns whether Redis refused to select the database of the URL. ioredis reports this and continues in database 0,
 * which may hold another application's data.
 */
export const isOfSelect = (error: Error): boolean => commandOf(error) === 'select';

function commandOf(error: Error): unknown {
  const command: unknown = Reflect.get(error, 'command');
  return typeof command === 'object' && command !== null ? Reflect.get(command, 'name') : undefined;
}
