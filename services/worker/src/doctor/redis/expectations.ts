/** The requirements of the configuration on Redis. */
export interface RedisExpectations {
  /** As in `redis.internal:6379`; without user and password. */
  readonly place: string;
  readonly isEncrypted: boolean;
  /** False if any certificate is accepted. */
  readonly verifiesCertificate: boolean;
  /** The connection stays on this machine or in a private network. */
  readonly isNearby: boolean;
  /** Redis stores access tokens of logins; a lost one can't be restored without a new login. */
  readonly storesLogins: boolean;
}
