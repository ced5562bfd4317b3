import type { Peek } from '@sluice/admission';
import type { IngressConfig } from '@sluice/config';
import type { Render } from '@sluice/telemetry';
import express, { type Request, type RequestHandler, Router } from 'express';
import { adminRoutes } from './admin/admin-routes.ts';
import type { BodyLog } from './bodies/body-log.ts';
import { createBodySeal } from './bodies/body-seal.ts';
import { keepBodies } from './bodies/keep-bodies.ts';
import { continueConversation } from './conversations/continue-conversation.ts';
import { conversationRoutes } from './conversations/conversation-routes.ts';
import { createListener, type DirectRoutes, type Listener } from './direct-routes.ts';
import { documentPages } from './documents/document-pages.ts';
import type { ObserveNeeds } from './inference/observe/observe.ts';
import { type AcceptedKey, toKnownKey } from './keys/known-key.ts';
import type { KeyService } from './keys/key-service.ts';
import { geminiRoutes } from './gemini/gemini-routes.ts';
import { isOfGoogle } from './gemini/take-key.ts';
import { keepAnswer, type KeepAnswerNeeds } from './kept/keep-answer.ts';
import { keptRoutes } from './kept/kept-routes.ts';
import { keyRoutes } from './keys/key-routes.ts';
import type { KnownKeys } from './keys/known-keys.ts';
import { adminCheck, authenticate, requireAdmin } from './middleware/authenticate.ts';
import { createBodyBudget } from './middleware/body-budget.ts';
import { cors } from './middleware/cors.ts';
import { useErrorForm, useErrorFormOfReader } from './middleware/use-error-form.ts';
import { guardAnonymous } from './middleware/guard-anonymous.ts';
import { handleError } from './middleware/handle-error.ts';
import { mergeSlashes } from './middleware/merge-slashes.ts';
import { createJsonReaders, messagesShape, usualShape } from './middleware/read-json.ts';
import { record } from './middleware/record.ts';
import { refuseUnready } from './middleware/refuse-unready.ts';
import { requestId } from './middleware/request-id.ts';
import { refuseExpectation } from './middleware/refuse-expectation.ts';
import { requireHost } from './middleware/require-host.ts';
import { createTokenBuckets } from './middleware/token-buckets.ts';
import type { InferenceNeeds } from './inference/handle-inference.ts';
import { messagesErrors } from './inference/messages/operation.ts';
import { surfaces } from './inference/surfaces.ts';
import type { ModelCatalogue } from './model-catalogue.ts';
import type { RecordsStore } from './records/records-store.ts';
import { openResponse } from './responses/open-response.ts';
import type { ResponseRecords } from './responses/response-records.ts';
import { responseRoutes } from './responses/response-routes.ts';
import { type HealthPages, type ReplicaState, showPage, showPageAs, type View } from './routes/health.ts';
import { countTokens } from './routes/count-tokens.ts';
import { metrics } from './routes/metrics.ts';
import { getModel, listModels } from './routes/models.ts';
import { methodNotAllowed, notFound } from './routes/not-found.ts';

export interface AppNeeds {
  readonly config: IngressConfig;
  readonly inference: InferenceNeeds;
  readonly peek: Peek;
  readonly catalogue: ModelCatalogue;
  readonly observe: ObserveNeeds;
  readonly records: RecordsStore;
  /** Undefined if the records hold no bodies. */
  readonly bodies: BodyLog | undefined;
  readonly responses: ResponseRecords;
  /** Answers that clients can attach to again. */
  readonly attachable: KeepAnswerNeeds;
  readonly keys: KeyService;
  readonly state: () => ReplicaState;
  readonly pages: HealthPages;
  /** Version of the gateway, for the document of its API. */
  readonly version: string;
  readonly metrics: Render;
  /** Creation time of every model in the answers to clients; seconds since 1970. */
  readonly startedAtSeconds: number;
  readonly onInternal: (error: unknown) => void;
}

/** Creates the HTTP application. */
export const createApp = (needs: AppNeeds): Listener => createListener(createRoutes(needs));

/** Creates every route of the ingress. Each is described in `documents/routes.ts`. */
export function createRoutes(needs: AppNeeds): DirectRoutes {
  const { config } = needs;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', config.server.trustProxy);
  const { origins } = config.server.cors;
  const first = [requestId, ...(origins.length > 0 ? [cors(origins)] : []), refuseExpectation, requireHost];
  app.use(first, mergeSlashes);

  const keys = needs.keys.known;
  const { server } = config;
  const perMinute = (count: number) =>
    createTokenBuckets({ perMinute: count, burst: Math.max(1, count / 2), now: needs.observe.now });
  const refusing = { wrongKeys: perMinute(server.wrongKeysPerMinute), untilCompared: needs.keys.untilCompared };
  const onlyAdmins = requireAdmin({ keys, ...refusing });
  app.use(ownPages(needs, adminCheck(keys), onlyAdmins));
  const seal = config.secretKey && createBodySeal(config.secretKey.reveal());
  app.use(
    adminRoutes({ config, records: needs.records, openBody: seal?.open, requireAdmin: onlyAdmins, clock: Date.now }),
  );
  if (config.server.docs) app.use(documentPages(needs.version));

  const asOneOf = (known: KnownKeys) => [
    authenticate({ keys: known, tokens: needs.keys.tokens, ...refusing }),
    guardAnonymous(server),
  ];
  const asClient = asOneOf(keys);
  const asReader = server.publicModels ? asOneOf(withPublicReader(keys)) : asClient;
  const budget = createBodyBudget({ totalBytes: server.bodyBudgetBytes, perKeyBytes: server.keyBodyBudgetBytes });
  const reading = { server, budget, refusedBodies: perMinute(server.refusedBodiesPerMinute) };
  const readJson = createJsonReaders({ ...reading, peek: needs.peek });
  const readFreeJson = createJsonReaders({ ...reading, peek: noLimits });
  const countTokensSteps = [refuseUnready(needs.state), ...asClient, readFreeJson(messagesShape), countTokens(config)];
  const { records, bodies } = needs;
  const kept = bodies === undefined ? [] : [keepBodies({ log: bodies, room: budget.copies, clock: Date.now })];
  const { responses } = needs;
  const onLost = needs.onInternal;
  /** Steps between the body and the request to a model. */
  const before: Readonly<Record<string, readonly RequestHandler[]>> = {
    '/chat/completions': [continueConversation({ records, onLost })],
    '/responses': [openResponse({ responses, records, onLost, clock: Date.now })],
  };
  const api = Router();
  api.use(keyRoutes({ config, service: needs.keys, requireAdmin: onlyAdmins }));
  api.use(keptRoutes({ ...needs.attachable, asClient }));
  api.use(responseRoutes({ responses, asClient, readFreeJson: readFreeJson(usualShape) }));
  const direct = new Map<string, readonly RequestHandler[]>();
  for (const { path, operation, bodyShape, errorForm, handler } of surfaces) {
    const formed = useErrorForm(errorForm);
    const handlers = [
      record(needs.observe, `/v1${path}`, operation),
      refuseUnready(needs.state),
      ...asClient,
      readJson(bodyShape),
      ...kept,
      keepAnswer(needs.attachable),
      ...(before[path] ?? []),
      handler(needs.inference),
    ];
    api.route(path).all(formed).post(handlers).all(methodNotAllowed('POST'));
    for (const whole of [`/v1${path}`, path]) direct.set(whole, [...first, formed, ...handlers]);
  }
  api
    .route('/messages/count_tokens')
    .all(useErrorForm(messagesErrors))
    .post(countTokensSteps)
    .all(methodNotAllowed('POST'));
  api.use(conversationRoutes({ records, asClient, readJson: readJson(usualShape) }));
  const readerErrors = useErrorFormOfReader(messagesErrors);
  api.route('/models').all(readerErrors).get(asReader, listModels(needs)).all(methodNotAllowed('GET'));
  api.route('/models/*id').all(readerErrors).get(asReader, getModel(needs)).all(methodNotAllowed('GET'));
  const readers = { readJson, readFreeJson, kept: [...kept, keepAnswer(needs.attachable)], asClient, asReader };
  const google = geminiRoutes({ ...needs, ...readers, refuseUnready: refuseUnready(needs.state) });
  app.use('/v1beta', google);
  app.use('/v1', (request, response, next) => (isOfGoogle(request) ? google(request, response, next) : next()));
  app.use('/v1', api);
  app.use(api);

  app.use(notFound);
  const onError = handleError(needs.onInternal);
  app.use(onError);
  return { app, handlers: direct, handleError: onError, onInternal: needs.onInternal };
}

/** For requests that count towards no limit. */
const noLimits: Peek = () => Promise.resolve({ refusal: undefined, rates: { requests: undefined, tokens: undefined } });

/** The pages about this replica and the fleet. */
function ownPages(
  { config, pages, metrics: render }: Pick<AppNeeds, 'config' | 'pages' | 'metrics'>,
  isAdmin: (request: Request) => boolean,
  onlyAdmins: RequestHandler,
): Router {
  // A proxy in front may block one of these pages by its path, so `/STATUS` and `/status/` must not lead to it as well.
  const router = Router({ caseSensitive: true, strict: true });
  const usualView: View = config.server.publicStatus ? 'figures' : 'probe';
  const viewOf = (request: Request): View => (isAdmin(request) ? 'all' : usualView);
  const getOnly = methodNotAllowed('GET');
  router.route('/livez').get(showPage(pages.livez)).all(getOnly);
  router.route('/readyz').get(showPage(pages.readyz)).all(getOnly);
  router.route('/health').get(showPageAs(pages.health, viewOf)).all(getOnly);
  router.route('/status').get(showPageAs(pages.status, viewOf)).all(getOnly);
  router.route('/metrics').get(onlyAdmins, metrics(render)).all(getOnly);
  return router;
}

/** Lets requests without a key read the list of models, where it is public. */
function withPublicReader(keys: KnownKeys): KnownKeys {
  return keys.anonymous === undefined
    ? { ...keys, anonymous: { key: toKnownKey(publicReader, undefined), takesWrongKeys: false } }
    : keys;
}

const publicReader: AcceptedKey = {
  id: 'public',
  digest: '',
  hint: undefined,
  name: 'public',
  anonymous: 'without_key',
  admin: false,
  models: ['*'],
  limits: {},
  weight: 1,
  budgets: {},
  tags: [],
  allowedAddresses: [],
  logBodies: false,
};
