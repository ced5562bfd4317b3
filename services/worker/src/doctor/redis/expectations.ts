/** The configuration, as far as it decides on what Redis must be able to do. */
export interface RedisExpectations {
  /** As in `redis.internal:6379`; without user and password. */
  readonly place: string;
  readonly isEncrypted: boolean;
  /** False where any certificate is taken. */
  readonly verifiesCertificate: boolean;
  /** Nobody can listen to the connection: it is on this machine or in a private network. */
  readonly isNearby: boolean;
  /** Tokens of people's logins are stored there, which nobody can get a second time. */
  readonly storesLogins: boolean;
}
