export type { TokenRef } from './scripts.ts';
export type { VaultTimes } from './times.ts';
export type { TokenAnswer, TokenCredential } from './token-credential.ts';
export { createTokenVault, type TokenVault, type TokenVaultNeeds } from './vault.ts';
