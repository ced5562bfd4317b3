import { type Config, findModel } from '@sluice/config';
import { estimatePrompt } from '@sluice/policy';
import { GatewayError, isObject } from '@sluice/protocol';
import { parseGeminiRequest, toGeminiChat } from '@sluice/surfaces';
import { type RequestHandler, Router } from 'express';
import { bodyStored, principalOf } from '../context.ts';
import { embed } from '../inference/gemini/embed.ts';
import { gemini, geminiErrors } from '../inference/gemini/operation.ts';
import { handleInference, type InferenceNeeds } from '../inference/handle-inference.ts';
import { type ObserveNeeds } from '../inference/observe/observe.ts';
import { mayUse, resolveModel } from '../inference/resolve-model.ts';
import { useErrorForm } from '../middleware/use-error-form.ts';
import { type BodyShape, embeddingsShape, messagesShape, takeJson } from '../middleware/read-json.ts';
import { record } from '../middleware/record.ts';
import type { ModelCatalogue } from '../model-catalogue.ts';
import { methodNotAllowed } from '../routes/not-found.ts';
import { type GeminiMethod, geminiMethods, readGeminiPath } from './gemini-call.ts';
import { takeGoogleKey } from './take-key.ts';

export interface GeminiRoutesNeeds {
  readonly config: Pick<Config, 'models'>;
  readonly inference: InferenceNeeds;
  readonly observe: ObserveNeeds;
  readonly catalogue: ModelCatalogue;
  readonly refuseUnready: RequestHandler;
  readonly asClient: readonly RequestHandler[];
  readonly asReader: readonly RequestHandler[];
  readonly readJson: (shape: BodyShape) => RequestHandler;
  /** Reads a body that counts towards no limit. */
  readonly readFreeJson: (shape: BodyShape) => RequestHandler;
  readonly kept: readonly RequestHandler[];
}

/** Google's own API, under `/v1beta`. */
export function geminiRoutes(needs: GeminiRoutesNeeds): Router {
  const { inference, observe, config } = needs;
  const router = Router();
  const asked = (method: GeminiMethod, operation: string, shape: BodyShape, handler: RequestHandler): Steps => [
    record(observe, `/v1beta/models/{model}:${method}`, operation),
    needs.refuseUnready,
    ...needs.asClient,
    needs.readJson(shape),
    ...needs.kept,
    handler,
  ];
  const generate = handleInference(inference, gemini);
  const vectors = handleInference(inference, embed);
  const steps: Readonly<Record<GeminiMethod, Steps>> = {
    generateContent: asked('generateContent', 'chat', messagesShape, generate),
    streamGenerateContent: asked('streamGenerateContent', 'chat', messagesShape, generate),
    embedContent: asked('embedContent', 'embeddings', embeddingsShape, vectors),
    batchEmbedContents: asked('batchEmbedContents', 'embeddings', embeddingsShape, vectors),
    countTokens: [needs.refuseUnready, ...needs.asClient, needs.readFreeJson(messagesShape), countTokens(config)],
  };
  router.use(useErrorForm(geminiErrors), takeGoogleKey);
  router
    .route('/models')
    .get(...needs.asReader, listModels(needs.catalogue))
    .all(methodNotAllowed('GET'));
  for (const method of geminiMethods) router.post('/models/*path', only(method), ...steps[method]);
  router
    .route('/models/*path')
    .get(...needs.asReader, showModel(config))
    .all(methodNotAllowed('GET', 'POST'));
  return router;
}

type Steps = readonly RequestHandler[];

/** Passes requests for other methods on to the next route. */
const only =
  (method: GeminiMethod): RequestHandler =>
  (request, _response, next) =>
    next(readGeminiPath(request).method === method ? undefined : 'route');

/** `:countTokens`: an estimate. No upstream is asked, and it counts towards no limit. */
function countTokens(config: Pick<Config, 'models'>): RequestHandler {
  return (request, response) => {
    const { model } = readGeminiPath(request);
    resolveModel(config, principalOf(response), model);
    const { value } = takeJson(request);
    const inner = isObject(value) ? (value['generateContentRequest'] ?? value['generate_content_request']) : undefined;
    const asked = parseGeminiRequest(inner ?? value);
    const { chat } = toGeminiChat(asked, { model, stream: false, isNative: true });
    // A large body that is not stored counts as refused.
    bodyStored(response);
    const { messages, tools } = chat;
    response.json({ totalTokens: estimatePrompt('chat', { messages, ...(tools === undefined ? {} : { tools }) }) });
  };
}

function listModels(catalogue: ModelCatalogue): RequestHandler {
  return async (_request, response) => {
    const principal = principalOf(response);
    const models = await catalogue.list();
    response.json({ models: models.filter(({ id }) => mayUse(principal, id)).map(({ id }) => describe(id)) });
  };
}

function showModel(config: Pick<Config, 'models'>): RequestHandler {
  return (request, response) => {
    const rest: unknown = request.params['path'];
    const id = Array.isArray(rest) ? rest.join('/') : String(rest);
    if (findModel(config, id) === undefined || !mayUse(principalOf(response), id)) {
      throw new GatewayError('model_not_found', { message: `The model '${id.slice(0, 256)}' does not exist here.` });
    }
    response.json(describe(id));
  };
}

const describe = (id: string): object => ({
  name: `models/${id}`,
  displayName: id,
  version: '1',
  supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens', 'embedContent'],
});
