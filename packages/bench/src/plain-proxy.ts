// A minimal proxy in Node: express accepts the request, undici passes it on, and nothing is parsed. It has no feature of a
// gateway; the difference between its cost and Sluice's is the cost of Sluice's features.
import { pipeline } from 'node:stream/promises';
import express, { type Request, type Response } from 'express';
import { Agent } from 'undici';

const upstream = process.argv[2] ?? '';
const agent = new Agent({ connections: 4096 });
const app = express();

async function passOn(request: Request, response: Response): Promise<void> {
  const { origin, pathname } = new URL(`${upstream}/chat/completions`);
  const answer = await agent.request({
    origin,
    path: pathname,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: request.get('authorization') ?? '' },
    body: request,
  });
  response.status(answer.statusCode).type(String(answer.headers['content-type']));
  await pipeline(answer.body, response);
}

app.post('/v1/chat/completions', (request, response) => {
  passOn(request, response).catch(() => response.destroy());
});

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.send?.({ port: address?.port });
});
process.on('disconnect', () => process.exit(0));
