import type { Exposition, ExpositionFormat } from './exposition.ts';

/** Time (ms) for which a rendering is shared; requests during a rendering share it too. */
const sharedForMs = 1000;

/** Renders the metrics in a format. */
export type Render = (format: ExpositionFormat) => Promise<Exposition>;

/**
 * Shares one rendering per format among all requests within a second. A page with 100 models costs 25 ms and 600 KB:
 * continuous requests would block the whole process.
 *
 * @param now monotonic milliseconds
 */
export function shareRender(render: Render, now: () => number): Render {
  const shares = { text: share(() => render('text'), now), openmetrics: share(() => render('openmetrics'), now) };
  return (format) => shares[format]();
}

function share(render: () => Promise<Exposition>, now: () => number): () => Promise<Exposition> {
  let latest: Promise<Exposition> | undefined;
  let freshUntil = -Infinity;
  let isUnderWay = false;
  return () => {
    if (latest !== undefined && (isUnderWay || now() < freshUntil)) return latest;
    isUnderWay = true;
    freshUntil = now() + sharedForMs;
    latest = render().finally(() => (isUnderWay = false));
    // After a failure the next request renders again at once.
    latest.catch(() => (freshUntil = -Infinity));
    return latest;
  };
}
