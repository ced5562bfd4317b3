import { GatewayError } from '@sluice/protocol';
import type { RequestHandler, Router } from 'express';
import type { KeptTeam } from '@sluice/store';
import { z } from 'zod';
import { countParameter, readQuery, textParameter } from '../admin/read-query.ts';
import { methodNotAllowed } from '../routes/not-found.ts';
import { toPrincipalTeam } from './known-key.ts';
import { newTeamBody, sharedFields, teamChangeBody } from './key-bodies.ts';
import { teamObject } from './key-object.ts';
import { answerChange, idOf, type KeyRouteNeeds, listObject, unknownCursor, unlessNone } from './route-parts.ts';
import { parseBody, readSmallJson } from './parse-body.ts';

const defaultLimit = 20;
const listQuery = z.strictObject({ limit: countParameter(100).optional(), after: textParameter.optional() });

/** Adds the routes of teams. */
export function addTeamRoutes(router: Router, needs: KeyRouteNeeds): void {
  const { requireAdmin } = needs;
  router
    .route('/auth/teams')
    .get(requireAdmin, listTeams(needs))
    .post(requireAdmin, readSmallJson, createTeam(needs))
    .all(methodNotAllowed('GET', 'POST'));
  router
    .route('/auth/teams/:id')
    .get(requireAdmin, showTeam(needs))
    .patch(requireAdmin, readSmallJson, changeTeam(needs))
    .delete(requireAdmin, removeTeam(needs))
    .all(methodNotAllowed('GET', 'PATCH', 'DELETE'));
}

const ofDatabase = ({ team, createdAt }: KeptTeam) => ({
  ...toPrincipalTeam(team),
  name: team.name,
  source: 'database' as const,
  createdAt,
});
const ofFile = (team: KeyRouteNeeds['config']['teams'][number]) => ({
  ...toPrincipalTeam(team),
  name: team.name,
  source: 'file' as const,
});

function listTeams({ config, service, show }: KeyRouteNeeds): RequestHandler {
  return async (request, response) => {
    const { limit = defaultLimit, after } = readQuery(listQuery, request);
    const kept = await unlessNone(service, [], () =>
      service.records.use(async (db, store) => {
        const last = after === undefined ? undefined : await store.findTeam(db, after);
        if (after !== undefined && last === undefined) throw unknownCursor();
        const cursor = last === undefined ? undefined : { createdAt: last.createdAt, id: last.team.id };
        return store.listTeams(db, { limit: limit + 1, after: cursor });
      }),
    );
    const page = kept.slice(0, limit);
    const shown = [...(after === undefined ? config.teams : []).map(ofFile), ...page.map(ofDatabase)];
    const data = await Promise.all(shown.map((team) => teamObject(show, team)));
    response.json(listObject(data, kept.length > limit ? page.at(-1)?.team.id : undefined));
  };
}

function showTeam({ config, service, show }: KeyRouteNeeds): RequestHandler {
  return async (request, response) => {
    const id = idOf(request);
    const fileTeam = config.teams.find((team) => team.id === id);
    const kept =
      fileTeam === undefined
        ? await unlessNone(service, undefined, () => service.records.use((db, store) => store.findTeam(db, id)))
        : undefined;
    if (fileTeam !== undefined) response.json(await teamObject(show, ofFile(fileTeam)));
    else if (kept !== undefined) response.json(await teamObject(show, ofDatabase(kept)));
    else throw new GatewayError('team_not_found');
  };
}

function createTeam({ config, service, show }: KeyRouteNeeds): RequestHandler {
  return async (request, response) => {
    const body = parseBody(newTeamBody, request);
    const team = { models: ['*'], limits: {}, budgets: {}, ...sharedFields(body), id: body.id };
    const isTaken = config.teams.some(({ id }) => id === body.id);
    const kept = isTaken
      ? undefined
      : await service.records.use((db, store) => store.createTeam(db, { ...team, name: body.name ?? body.id }));
    if (kept === undefined) {
      throw new GatewayError('key_conflict', { param: 'id', message: 'There is a team with this id.' });
    }
    await answerChange({ service, response, status: 201 }, await teamObject(show, ofDatabase(kept)));
  };
}

function changeTeam({ config, service, show }: KeyRouteNeeds): RequestHandler {
  return async (request, response) => {
    const id = idOf(request);
    refuseFileTeam(config, id);
    const patch = sharedFields(parseBody(teamChangeBody, request));
    const kept = await service.records.use((db, store) => store.changeTeam(db, id, patch));
    if (kept === undefined) throw new GatewayError('team_not_found');
    await answerChange({ service, response, status: 200 }, await teamObject(show, ofDatabase(kept)));
  };
}

function removeTeam({ config, service }: KeyRouteNeeds): RequestHandler {
  return async (request, response) => {
    const id = idOf(request);
    refuseFileTeam(config, id);
    const result = await service.records.use((db, store) => store.removeTeam(db, id));
    if (result === 'unknown') throw new GatewayError('team_not_found');
    if (result === 'in_use') {
      throw new GatewayError('key_conflict', {
        message: 'Keys that are not revoked belong to this team. Change them first.',
      });
    }
    await answerChange({ service, response, status: 200 }, { object: 'team', id, deleted: true });
  };
}

function refuseFileTeam({ teams }: KeyRouteNeeds['config'], id: string): void {
  if (!teams.some((team) => team.id === id)) return;
  throw new GatewayError('key_read_only', {
    message: 'This team comes from the configuration (teams). Change it there.',
  });
}
