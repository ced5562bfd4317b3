import { beforeAll, describe, expect, test } from 'vitest';
import { listRequests, type RequestCursor, type RequestFilter } from '../../src/index.ts';
import { noon, requestEntry, requestLog } from '../entries.ts';
import { openStore, type TestStore } from '../open-store.ts';

const hour = 3_600_000;
let opened: TestStore;

beforeAll(async () => {
  opened = await openStore();
  const { writer } = opened;
  const numbers = Array.from({ length: 60 }, (_, index) => index);
  await writer.insertRequestEntries(
    numbers.map((n) => requestEntry({ id: `r${n}`, acceptedAt: noon + n * hour, costMicros: n * 10 })),
  );
  await writer.insertRequestLogs(
    numbers.map((n) =>
      requestLog({
        id: `r${n}`,
        arrivedAt: noon + n * hour,
        keyId: n % 2 === 0 ? 'even' : 'odd',
        ...(n % 10 === 0 && {
          status: 502,
          outcome: 'error',
          code: 'upstream_error',
          error: `No 100% answer from host_${n}`,
        }),
      }),
    ),
  );
});

async function idsOf(filter: RequestFilter): Promise<readonly string[]> {
  const { requests } = await listRequests(opened.store.db, { filter, limit: 100 });
  return requests.map(({ log }) => log.id);
}

test('pages through all, newest first, each once', async () => {
  const ids: string[] = [];
  let after: RequestCursor | undefined;
  do {
    const page = await listRequests(opened.store.db, { after, limit: 7 });
    ids.push(...page.requests.map(({ log }) => log.id));
    after = page.next;
  } while (after !== undefined);
  expect(ids).toEqual(Array.from({ length: 60 }, (_, index) => `r${59 - index}`));
});

test.each<[RequestFilter, readonly string[]]>([
  [{ id: 'req-r5' }, ['r5']],
  [{ id: 'r5' }, ['r5']],
  [{ keyId: 'even', minCostMicros: 550 }, ['r58', 'r56']],
  [{ minCostMicros: 20, maxCostMicros: 40 }, ['r4', 'r3', 'r2']],
  [{ minStatus: 500, maxStatus: 599, from: noon + 40 * hour, to: noon + 50 * hour }, ['r40']],
  [{ error: 'FROM HOST_3' }, ['r30']],
  [{ error: '100%' }, ['r50', 'r40', 'r30', 'r20', 'r10', 'r0']],
  [{ code: 'upstream_error', keyId: 'odd' }, []],
  [{ model: 'another' }, []],
])('finds by %j', async (filter, ids) => {
  expect(await idsOf(filter)).toEqual(ids);
});

describe('partitions', () => {
  test('drops the days that have ended, with their rows', async () => {
    const { partitions } = opened;
    expect(await partitions.drop('request_logs', new Date(noon))).toEqual([]);
    expect(await partitions.drop('request_logs', new Date(noon + 24 * hour))).toEqual(['request_logs_20261130']);
    expect(await idsOf({ to: noon + 14 * hour })).toEqual(['r13', 'r12']);
  });

  test('creates a day again that was dropped', async () => {
    await opened.writer.insertRequestLogs([requestLog({ id: 'late', arrivedAt: noon })]);
    expect(await idsOf({ id: 'late' })).toEqual(['late']);
  });
});
