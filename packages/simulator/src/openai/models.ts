import { createdSeconds } from './chat-answer.ts';

/** Models of the list. Other names are answered too. */
const listed = ['demo', 'gpt-4o', 'gpt-4o-mini', 'o3-mini'];

/** The body of `GET /v1/models`. */
export const modelList = JSON.stringify({
  object: 'list',
  data: listed.map((id) => ({ id, object: 'model', created: createdSeconds, owned_by: 'simulator' })),
});
