import { describe, expect, it } from 'vitest';
import { createRunMemory } from '../../src/consumer/run-memory.ts';

const run = { requestId: 'r', epoch: 1 };

function setUp() {
  const said: string[] = [];
  let now = 0;
  const memory = createRunMemory({
    workerId: 'w',
    writer: {
      send(destination, { kind, epoch, data }) {
        said.push(`${destination} ${kind} ${epoch} ${data}`);
        return 'queued';
      },
    },
    now: () => now,
  });
  return { memory, said, pass: (ms: number) => (now += ms) };
}

describe('the memory of runs', () => {
  it('answers that it has a run, and how many frames it has sent', () => {
    const { memory, said } = setUp();
    const begun = memory.begin(run);
    const publisher = { sent: 1 };
    begun?.claimed(publisher);
    publisher.sent = 4;
    memory.probe(run, 'i');
    begun?.close();
    memory.probe(run, 'i');
    expect(said).toEqual([
      'i holds 1 {"workerId":"w","isOver":false,"sent":4}',
      'i holds 1 {"workerId":"w","isOver":true,"sent":4}',
    ]);
  });

  it('does not begin a run that it has disclaimed', () => {
    const { memory, said } = setUp();
    memory.probe(run, 'i');
    expect(said).toEqual(['i disclaims 1 {"workerId":"w"}']);
    expect(memory.begin(run)).toBe(undefined);
    expect(memory.begin({ ...run, epoch: 2 })).not.toBe(undefined);
  });

  it('does not begin a run again, neither during it nor after it', () => {
    const { memory } = setUp();
    const begun = memory.begin(run);
    expect(memory.begin(run)).toBe(undefined);
    begun?.claimed({ sent: 1 });
    begun?.close();
    expect(memory.begin(run)).toBe(undefined);
  });

  it.each([
    ['claims it', true, 'i holds 1 {"workerId":"w","isOver":false,"sent":1}'],
    ['is refused', false, 'i disclaims 1 {"workerId":"w"}'],
  ])('answers for a run that it is about to claim once it %s', (_, isClaimed, answer) => {
    const { memory, said } = setUp();
    const begun = memory.begin(run);
    memory.probe(run, 'i');
    memory.probe(run, 'i');
    expect(said).toEqual([]);
    if (isClaimed) begun?.claimed({ sent: 1 });
    else begun?.close();
    expect(said).toEqual([answer]);
    expect(memory.begin(run)).toBe(undefined);
  });

  it('begins a run whose earlier claim was refused', () => {
    const { memory } = setUp();
    memory.begin(run)?.close();
    expect(memory.begin(run)).not.toBe(undefined);
  });

  it('forgets a run at most two minutes after its end', () => {
    const { memory, said, pass } = setUp();
    const begun = memory.begin(run);
    begun?.claimed({ sent: 1 });
    begun?.close();
    pass(120_001);
    memory.probe({ ...run, epoch: 2 }, 'i');
    memory.probe(run, 'i');
    expect(said.map((line) => line.split(' ')[1])).toEqual(['disclaims', 'disclaims']);
  });
});
