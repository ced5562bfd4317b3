import type { Generated } from 'kysely';

export interface MigrationTables {
  sluice_migrations: {
    number: number;
    name: string;
    checksum: string;
    applied_at: Generated<Date>;
  };
}
