import { GatewayError } from '@sluice/protocol';
import { type Request, type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { countParameter, readQuery, textParameter } from '../admin/read-query.ts';
import { keyOf } from '../middleware/authenticate.ts';
import { methodNotAllowed } from '../routes/not-found.ts';
import { keyChangeBody, keyFields, newKeyBody, rotateBody } from './key-bodies.ts';
import { keyObject, ofDatabase, ofFile, type ShownKey } from './key-object.ts';
import { blankKey } from './blank-key.ts';
import type { KeyService } from './key-service.ts';
import { newKeyId, newSecret } from './new-secret.ts';
import { parseBody, readSmallJson } from './parse-body.ts';
import {
  answerChange,
  idOf,
  type KeyRouteNeeds,
  type KeyRoutesNeeds,
  listObject,
  unknownCursor,
  unlessNone,
} from './route-parts.ts';
import { addTeamRoutes } from './team-routes.ts';

const defaultLimit = 20;

const listQuery = z.strictObject({
  limit: countParameter(100).optional(),
  after: textParameter.optional(),
  team: textParameter.optional(),
});

/** The routes of client keys and teams, for administrators. They never go through admission. */
export function keyRoutes(given: KeyRoutesNeeds): Router {
  const { config, service, requireAdmin } = given;
  const needs: KeyRouteNeeds = {
    ...given,
    show: { config, spends: service.spends, findTeam: service.known.findTeam, clock: Date.now },
  };
  const router = Router();
  router
    .route('/auth/keys')
    .get(requireAdmin, listKeys(needs))
    .post(requireAdmin, readSmallJson, createKey(needs))
    .all(methodNotAllowed('GET', 'POST'));
  router
    .route('/auth/keys/:id')
    .get(requireAdmin, showKey(needs))
    .patch(requireAdmin, readSmallJson, changeKey(needs))
    .delete(requireAdmin, revokeKey(needs))
    .all(methodNotAllowed('GET', 'PATCH', 'DELETE'));
  router
    .route('/auth/keys/:id/rotate')
    .post(requireAdmin, readSmallJson, rotateKey(needs))
    .all(methodNotAllowed('POST'));
  addTeamRoutes(router, needs);
  return router;
}

/** Lists the keys of the file, on the first page and in addition to `limit`, and those of the database, newest first. */
function listKeys({ config, service, show }: KeyRouteNeeds): RequestHandler {
  return async (request, response) => {
    const { limit = defaultLimit, after, team } = readQuery(listQuery, request);
    const fileKeys = after === undefined ? config.keys.filter((key) => team === undefined || key.team === team) : [];
    const kept = await unlessNone(service, [], async () =>
      service.records.use(async (db, store) => {
        const last = after === undefined ? undefined : await store.findClientKey(db, after);
        if (after !== undefined && last === undefined) throw unknownCursor();
        const cursor = last === undefined ? undefined : { createdAt: last.createdAt, id: last.key.id };
        return store.listClientKeys(db, { limit: limit + 1, after: cursor, teamId: team });
      }),
    );
    const page = kept.slice(0, limit);
    const shown = [...fileKeys.map(ofFile), ...page.map(ofDatabase)];
    const data = await Promise.all(shown.map((key) => keyObject(show, key)));
    response.json(listObject(data, kept.length > limit ? page.at(-1)?.key.id : undefined));
  };
}

function showKey(needs: KeyRouteNeeds): RequestHandler {
  return async (request, response) => {
    response.json(await keyObject(needs.show, await findKey(needs, idOf(request))));
  };
}

function createKey(needs: KeyRouteNeeds): RequestHandler {
  const { service, show } = needs;
  return async (request, response) => {
    const body = parseBody(newKeyBody, request);
    const { team, owner, expires_at } = body;
    await requireTeam(needs, team);
    const secret = newSecret();
    const kept = await service.records.use((db, store) =>
      store.createClientKey(db, {
        ...blankKey,
        ...keyFields(body),
        id: newKeyId(),
        name: body.name,
        teamId: team ?? undefined,
        owner: owner ?? undefined,
        expiresAt: expires_at ?? undefined,
        secret: secret.kept,
        createdBy: creatorOf(request, service),
      }),
    );
    await answerChange(
      { service, response, status: 201 },
      { ...(await keyObject(show, ofDatabase(kept))), key: secret.text },
    );
  };
}

function changeKey(needs: KeyRouteNeeds): RequestHandler {
  const { config, service, show } = needs;
  return async (request, response) => {
    const id = idOf(request);
    refuseFileKey(config, id);
    const { team, owner, expires_at, ...fields } = parseBody(keyChangeBody, request);
    await requireTeam(needs, team);
    const patch = { ...keyFields(fields), teamId: team, owner, expiresAt: expires_at };
    const kept = await service.records.use((db, store) => store.changeClientKey(db, id, patch));
    if (kept === undefined) throw await whyNot(service, id);
    await answerChange({ service, response, status: 200 }, await keyObject(show, ofDatabase(kept)));
  };
}

const revokeQuery = z.strictObject({
  end_streams: z.enum(['true', 'false'], { error: 'must be true or false' }).optional(),
});

function revokeKey({ config, service, show }: KeyRouteNeeds): RequestHandler {
  return async (request, response) => {
    const id = idOf(request);
    refuseFileKey(config, id);
    const endsStreams = readQuery(revokeQuery, request).end_streams === 'true';
    const kept = await service.records.use((db, store) => store.revokeClientKey(db, id, { endsStreams }));
    if (kept === undefined) throw new GatewayError('key_not_found');
    await answerChange({ service, response, status: 200 }, await keyObject(show, ofDatabase(kept)));
  };
}

function rotateKey({ config, service, show }: KeyRouteNeeds): RequestHandler {
  return async (request, response) => {
    const id = idOf(request);
    refuseFileKey(config, id);
    const overlapMs = parseBody(rotateBody, request).overlap_seconds * 1000;
    const secret = newSecret();
    const kept = await service.records.use((db, store) =>
      store.rotateClientKey(db, id, { secret: secret.kept, overlapMs }),
    );
    if (kept === undefined) throw await whyNot(service, id);
    await answerChange(
      { service, response, status: 200 },
      { ...(await keyObject(show, ofDatabase(kept))), key: secret.text },
    );
  };
}

async function findKey({ config, service }: KeyRouteNeeds, id: string): Promise<ShownKey> {
  const fileKey = config.keys.find((key) => key.id === id);
  if (fileKey !== undefined) return ofFile(fileKey);
  const kept = await unlessNone(service, undefined, () =>
    service.records.use((db, store) => store.findClientKey(db, id)),
  );
  if (kept === undefined) throw new GatewayError('key_not_found');
  return ofDatabase(kept);
}

function refuseFileKey({ keys }: KeyRoutesNeeds['config'], id: string): void {
  if (!keys.some((key) => key.id === id)) return;
  throw new GatewayError('key_read_only', {
    message: 'This key comes from the configuration (keys, SLUICE_API_KEYS). Change it there.',
  });
}

/**
 * Asks the database: another replica may have created or removed the team a moment ago.
 * @throws GatewayError 400 if there is no such team
 */
async function requireTeam({ config, service }: KeyRouteNeeds, id: string | null | undefined): Promise<void> {
  if (id === undefined || id === null || config.teams.some((team) => team.id === id)) return;
  if ((await service.records.use((db, store) => store.findTeam(db, id))) !== undefined) return;
  throw new GatewayError('invalid_value', { param: 'team', message: "Invalid 'team': there is no team with this id." });
}

/** Returns the reason why a key was not changed. */
async function whyNot({ records }: KeyService, id: string): Promise<GatewayError> {
  const kept = await records.use((db, store) => store.findClientKey(db, id));
  return kept === undefined
    ? new GatewayError('key_not_found')
    : new GatewayError('key_conflict', { message: 'This key is revoked, for ever. Create another one.' });
}

function creatorOf(request: Request, { known }: KeyService): string | undefined {
  const secret = keyOf(request);
  return secret === undefined ? undefined : known.find(secret)?.principal.keyId;
}
