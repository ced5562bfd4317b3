const pattern = /KEY|TOKEN|SECRET|PASS|CREDENTIAL/i;

/** Returns whether the name of an environment variable, of any program, is that of a secret. */
export const isNamedLikeSecret = (variable: string): boolean => pattern.test(variable);

const settingPattern = /(?:^|_)(?:key|key_hash|pass|passphrase|password|secret|token|credential)$/i;

/** Returns whether the name of a setting is that of a secret. */
export const isSecretSetting = (name: string): boolean => settingPattern.test(name);
