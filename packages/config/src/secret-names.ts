const pattern = /KEY|TOKEN|SECRET|PASS|CREDENTIAL/i;

/** True of environment variables, of whatever program, that are named as if they held a secret. */
export const isNamedLikeSecret = (variable: string): boolean => pattern.test(variable);

const settingPattern = /(?:^|_)(?:key|key_hash|pass|passphrase|password|secret|token|credential)$/i;

/** True of settings that are named as if they held a secret. */
export const isSecretSetting = (name: string): boolean => settingPattern.test(name);
