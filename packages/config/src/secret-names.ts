const pattern = /KEY|TOKEN|SECRET|PASS|CREDENTIAL/i;

/** True of environment variables, of whatever program, that are named as if they held a secret. */
export const isNamedLikeSecret = (variable: string): boolean => pattern.test(variable);
