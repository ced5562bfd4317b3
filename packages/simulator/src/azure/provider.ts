import { openAi } from '../openai/provider.ts';
import type { Endpoint, Provider } from '../server/provider.ts';

/** The content filter's findings in the prompt: a chunk without choices, before all others. */
const promptFindings =
  'data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,' +
  '"content_filter_results":{"hate":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}}}]}\n\n';

const deployment = /^\/openai\/deployments\/([^/]+)(\/chat\/completions|\/embeddings)$/;
const underV1 = /^\/openai\/v1(\/chat\/completions|\/embeddings)$/;

/** Azure OpenAI: the deployment is in the path or, under `/openai/v1`, in the body. */
export const azure: Provider = {
  ...openAi,
  endpoint(method, path) {
    const [, name, ofDeployment] = deployment.exec(path) ?? [];
    const resource = ofDeployment ?? underV1.exec(path)?.[1];
    if (method !== 'POST' || resource === undefined) return undefined;
    const endpoint = openAi.endpoint('POST', `/v1${resource}`);
    return (
      endpoint && {
        read: (body, surroundings) =>
          withFindings(endpoint.read(name === undefined ? body : withModel(body, name), surroundings)),
      }
    );
  },
};

/** Sets the model from the path, whatever the body contains. */
function withModel(body: string, name: string): string {
  try {
    return JSON.stringify({ ...(JSON.parse(body) as object), model: decodeURIComponent(name) });
  } catch {
    return body;
  }
}

function withFindings(question: ReturnType<Endpoint['read']>): ReturnType<Endpoint['read']> {
  if (question.kind === 'failure') return question;
  return {
    ...question,
    answer(behaviour) {
      const answer = question.answer(behaviour);
      return answer.kind === 'stream' ? { ...answer, opening: promptFindings + answer.opening } : answer;
    },
  };
}
