import type { IngressConfig } from '@sluice/config';
import { type RequestHandler, Router } from 'express';
import { methodNotAllowed } from '../routes/not-found.ts';
import type { RecordsStore } from '../records/records-store.ts';
import type { OpenBody } from './describe-bodies.ts';
import { listAdminRequests, showAdminRequest } from './requests.ts';
import { showUpstreamUsage, showUsage } from './usage.ts';

export interface AdminNeeds {
  readonly config: Pick<IngressConfig, 'keys'>;
  readonly records: RecordsStore;
  /** Opens stored bodies; undefined without a secret. */
  readonly openBody: OpenBody | undefined;
  /** Lets only administrators pass. */
  readonly requireAdmin: RequestHandler;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** The pages for administrators, below `/admin`. They never go through admission. */
export function adminRoutes(needs: AdminNeeds): Router {
  const pages = [
    ['/admin/requests', listAdminRequests(needs)],
    ['/admin/requests/:id', showAdminRequest(needs)],
    ['/admin/usage', showUsage(needs)],
    ['/admin/usage/upstreams', showUpstreamUsage(needs)],
  ] as const;
  const router = Router();
  for (const [path, page] of pages) router.route(path).get(needs.requireAdmin, page).all(methodNotAllowed('GET'));
  return router;
}
