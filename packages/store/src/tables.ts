import type { MigrationTables } from './migrations/table.ts';

/** All tables with the types of their columns. */
export interface Tables extends MigrationTables {}
