import { type BodyKind, bodyKinds } from '@sluice/records';
import type { FoundBody } from '@sluice/store';
import type { BodySeal } from '../bodies/body-seal.ts';

export type OpenBody = BodySeal['open'];

/** Returns the stored bodies of a request as the page shows them; `null` for one that is not stored. */
export async function describeBodies(
  bodies: readonly FoundBody[],
  { id, open }: { readonly id: string; readonly open: OpenBody | undefined },
): Promise<Readonly<Record<BodyKind, object | null>>> {
  const shown: Record<BodyKind, object | null> = { request: null, response: null };
  for (const kind of bodyKinds) {
    const body = bodies.find((each) => each.kind === kind);
    if (body === undefined) continue;
    const text = await open?.(body.content, { id, kind });
    shown[kind] = {
      bytes: body.sizeBytes,
      truncated: body.isTruncated,
      text: text ?? null,
      ...(text === undefined ? { unreadable: open === undefined ? noSecret : otherSecret } : {}),
    };
  }
  return shown;
}

const noSecret = 'This ingress has no SLUICE_SECRET_KEY; the body is encrypted with that of another one.';
const otherSecret = 'The body is encrypted with another SLUICE_SECRET_KEY than that of this ingress.';
