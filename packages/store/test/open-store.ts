import { afterFile, createTestDatabase } from '@sluice/testkit';
import {
  connectStore,
  createPartitions,
  createRecordWriter,
  migrateStore,
  type Partitions,
  type RecordWriter,
  type Store,
} from '../src/index.ts';

export interface TestStore {
  readonly url: string;
  readonly store: Store;
  readonly partitions: Partitions;
  readonly writer: RecordWriter;
}

/** Returns a store with an empty, migrated database of its own, for one test file. */
export async function openStore(): Promise<TestStore> {
  const url = await createTestDatabase();
  await migrateStore({ url, connectTimeoutMs: 5000 });
  const onError = (): void => undefined;
  const store = connectStore({ url, poolSize: 2, statementTimeoutMs: 10_000, connectTimeoutMs: 5000, onError });
  afterFile(() => store.close());
  const partitions = createPartitions(store.db);
  return { url, store, partitions, writer: createRecordWriter(store.db, partitions) };
}
