import { describe, expect, it } from 'vitest';
import { shareRender } from '../src/shared-render.ts';

function setUp() {
  const clock = { ms: 0 };
  const renders: PromiseWithResolvers<{ contentType: string; body: string }>[] = [];
  const page = shareRender(
    () => {
      const render = Promise.withResolvers<{ contentType: string; body: string }>();
      renders.push(render);
      return render.promise;
    },
    () => clock.ms,
  );
  const finish = (at: number): void => renders[at]?.resolve({ contentType: 'text/plain', body: `page ${at}` });
  return { clock, renders, page, finish };
}

describe('shareRender', () => {
  it('renders once for all requests within a second', async () => {
    const { clock, renders, page, finish } = setUp();
    const first = [page('text'), page('text')];
    finish(0);
    clock.ms = 999;
    expect((await Promise.all([...first, page('text')])).map(({ body }) => body)).toEqual([
      'page 0',
      'page 0',
      'page 0',
    ]);
    clock.ms = 1000;
    void page('text');
    expect(renders).toHaveLength(2);
  });

  it('renders no second page during a rendering of any length', () => {
    const { clock, renders, page } = setUp();
    void page('text');
    clock.ms = 60_000;
    void page('text');
    expect(renders).toHaveLength(1);
  });

  it('renders each format separately', () => {
    const { renders, page } = setUp();
    void page('text');
    void page('openmetrics');
    void page('openmetrics');
    expect(renders).toHaveLength(2);
  });

  it('renders again after a failure', async () => {
    const { renders, page, finish } = setUp();
    const failed = page('text');
    renders[0]?.reject(new Error('no'));
    await expect(failed).rejects.toThrow('no');
    const next = page('text');
    finish(1);
    expect((await next).body).toBe('page 1');
  });
});
