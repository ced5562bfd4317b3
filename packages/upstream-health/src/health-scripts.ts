import { defineScript } from '@sluice/redis';
import { z } from 'zod';

const here = (file: string): URL => new URL(`../lua/${file}`, import.meta.url);
const chooseReply = z.array(
  z.tuple([
    z.enum(['go', 'probe', 'cooling', 'refused', 'open']),
    z.string(),
    z.number().int().nonnegative(),
    z.number().int().nonnegative(),
    z.string(),
  ]),
);
const number = z.number();
const isOne = (reply: unknown): boolean => number.parse(reply) === 1;

/** Scripts of upstream health. The header of each Lua file defines its guarantees. */
export const healthScripts = {
  choose: defineScript(here('choose-2.lua'), (reply) => chooseReply.parse(reply)),
  coolDown: defineScript(here('cool-down-1.lua'), (reply) => number.parse(reply)),
  countFailure: defineScript(here('count-failure-1.lua'), isOne),
  recover: defineScript(here('recover-2.lua'), isOne),
};
