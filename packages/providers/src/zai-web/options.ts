import { flag, listOf, oneOf, section, someText, textLike, token } from '@sluice/setting-types';
import type { z } from 'zod';

/** Ways to sign a request. They differ in how the prompt enters the signed text. */
const signingVariants = ['none', 'v1', 'v2a', 'v2'] as const;
export type SigningVariant = (typeof signingVariants)[number];

const models = listOf(
  section({
    name: token('text without spaces').describe('Name of the model in targets.'),
    model: token('text without spaces').describe("The backend's name of the model."),
    title: someText('text').optional().describe('Name of the model on the web page.'),
    thinking: flag().optional().describe('The model reasons.'),
    search: flag().optional().describe('The model searches the web.'),
    vision: flag().optional().describe('The model accepts images.'),
    persisted: flag().optional().describe('Requests need a chat that is created before.'),
    preview: flag().optional().describe('The web page lists the model under preview.'),
    mcp_servers: listOf(token('text without spaces'), 'a list of names')
      .optional()
      .describe('Built-in tools of the backend that requests enable.'),
  }),
  'a list of models',
);

/** Settings for chat.z.ai's protocol. It changes without notice, so parts that have changed before are settings. */
export const zaiWebOptions = section({
  signing_variant: oneOf(signingVariants)
    .meta({ 'x-default': 'required for zai-web' })
    .describe(
      'Signature that chat.z.ai expects: `v1` signs the plain prompt, `v2a` and `v2` sign its base64; `none` leaves the signature out.',
    ),
  signing_key: someText('text')
    .optional()
    .meta({ 'x-default': 'none; required unless the variant is `none`' })
    .describe("Key in the web page's script."),
  zai_web_api: oneOf(['v1', 'v2']).default('v2').describe("Version of chat.z.ai's private protocol."),
  zai_web_version: textLike(/^prod-fe-\d+\.\d+\.\d+$/, 'text such as prod-fe-1.1.88')
    .default('prod-fe-1.1.88')
    .describe('Version of the web page, sent as `X-FE-Version`. A version that is too old gets 426.'),
  zai_web_models: models
    .optional()
    .meta({ 'x-default': 'those of docs/providers/zai-web.md' })
    .describe('Models that are added to the known ones, or that replace known ones of the same name.'),
  zai_web_guests: flag()
    .default(false)
    .describe(
      'Allows credentials with `anonymous: true`, which use the access tokens that the page issues to guests. Read the terms of chat.z.ai before.',
    ),
}).refine(({ signing_variant: variant, signing_key: key }) => variant === 'none' || key !== undefined, {
  path: ['signing_key'],
  error: 'is missing; it must be text unless signing_variant is none',
});

export type ZaiWebOptions = z.output<typeof zaiWebOptions>;
