import type { Exposition, ExpositionFormat } from './exposition.ts';

/** A rendering serves all who ask within this time of its beginning, and all who ask while it is under way. */
const sharedForMs = 1000;

/** Renders the metrics in a format. */
export type Render = (format: ExpositionFormat) => Promise<Exposition>;

/**
 * Shares one rendering of the metrics in each format among all who ask within a second. A page with 100 models costs
 * 25 ms and 600 KB each time: asked for without end, it would hold up the whole process.
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
    // After a failure the next request may ask again at once.
    latest.catch(() => (freshUntil = -Infinity));
    return latest;
  };
}
