export type { TokenRef } from './scripts.ts';
export {
  createTokenVault,
  type TokenAnswer,
  type TokenCredential,
  type TokenVault,
  type TokenVaultNeeds,
  type VaultTimes,
} from './vault.ts';
