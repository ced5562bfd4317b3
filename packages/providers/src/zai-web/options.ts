import { flag, listOf, oneOf, section, someText, textLike, token } from '@sluice/setting-types';
import type { z } from 'zod';

/** Ways to sign a request. They differ in how the prompt enters the signed text. */
const signingVariants = ['none', 'v1', 'v2a', 'v2'] as const;
export type SigningVariant = (typeof signingVariants)[number];

const models = listOf(
  section({
    name: token('text without spaces').describe('As targets name it.'),
    model: token('text without spaces').describe("The backend's own name of it."),
    title: someText('text').optional().describe('As the web page shows it.'),
    thinking: flag().optional().describe('It thinks.'),
    search: flag().optional().describe('It searches the web.'),
    vision: flag().optional().describe('It takes images.'),
    persisted: flag().optional().describe('A chat is made for it before it is asked.'),
    preview: flag().optional().describe('It stands under preview.'),
    mcp_servers: listOf(token('text without spaces'), 'a list of names')
      .optional()
      .describe("Tools of the backend's own that come with it."),
  }),
  'a list of models',
);

/** Settings for chat.z.ai's protocol. It changes without notice, so parts that have changed before are settings. */
export const zaiWebOptions = section({
  signing_variant: oneOf(signingVariants)
    .meta({ 'x-default': 'required for zai-web' })
    .describe(
      'How chat.z.ai wants requests signed: `v1` signs the plain prompt, `v2a` and `v2` its base64; `none` leaves the signature out.',
    ),
  signing_key: someText('text')
    .optional()
    .meta({ 'x-default': 'none; needed but for the variant `none`' })
    .describe("The key of the web page's own script."),
  zai_web_api: oneOf(['v1', 'v2']).default('v2').describe("The version of chat.z.ai's private protocol."),
  zai_web_version: textLike(/^prod-fe-\d+\.\d+\.\d+$/, 'text such as prod-fe-1.1.88')
    .default('prod-fe-1.1.88')
    .describe('The version of the web page, sent as `X-FE-Version`. One that is too old is refused with 426.'),
  zai_web_models: models
    .optional()
    .meta({ 'x-default': 'those of docs/providers/zai-web.md' })
    .describe('Models beyond those that are known, or in their place.'),
  zai_web_guests: flag()
    .default(false)
    .describe(
      'A credential may be `anonymous: true`: it gets the tokens that the page gives to guests. Read the terms of chat.z.ai before.',
    ),
}).refine(({ signing_variant: variant, signing_key: key }) => variant === 'none' || key !== undefined, {
  path: ['signing_key'],
  error: 'is missing; it must be text, but for the signing_variant none',
});

export type ZaiWebOptions = z.output<typeof zaiWebOptions>;
