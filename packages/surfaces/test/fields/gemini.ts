import type {
  FunctionCallingConfig,
  FunctionDeclaration,
  GenerationConfig,
  Part,
  ThinkingConfig,
  Tool,
  ToolConfig,
} from '@google/genai';
import type { JsonObject } from '@sluice/protocol';
import { parseGeminiRequest, toGeminiChat, toGeminiField } from '@sluice/surfaces';
import type { Dialect } from './dialect.ts';
import type { Probe } from './probe.ts';

const user = { role: 'user', parts: [{ text: 'hello' }] };
const plain: JsonObject = { contents: [user] };
const schema = { type: 'OBJECT', properties: { a: { type: 'STRING' } }, required: ['a'] };
const declared = { name: 'weather', description: 'tells the weather', parameters: { type: 'OBJECT', properties: {} } };
const tooled: JsonObject = { ...plain, tools: [{ functionDeclarations: [declared, { ...declared, name: 'time' }] }] };
const call = { functionCall: { name: 'weather', args: { a: 1 } } };
const result = { functionResponse: { name: 'weather', response: { output: 'rain' } } };
const history: JsonObject = {
  ...tooled,
  contents: [user, { role: 'model', parts: [{ text: 'well' }, call] }, { role: 'user', parts: [result] }],
};

/** A value of each setting; the compiler compares the lists with Google's own. */
const settings = {
  audioTimestamp: true,
  audioTranscriptionConfig: { languageCodes: ['en'] },
  candidateCount: 2,
  enableAffectiveDialog: true,
  enableEnhancedCivicAnswers: true,
  frequencyPenalty: 0.5,
  logprobs: 2,
  maxOutputTokens: 100,
  mediaResolution: 'MEDIA_RESOLUTION_LOW',
  modelSelectionConfig: { featureSelectionPreference: 'BALANCED' },
  presencePenalty: 0.5,
  responseFormat: [{ text: {} }],
  responseJsonSchema: {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  },
  responseLogprobs: true,
  responseMimeType: 'application/json',
  responseModalities: ['TEXT', 'IMAGE'],
  responseSchema: schema,
  routingConfig: { autoMode: {} },
  seed: 7,
  speechConfig: { languageCode: 'en' },
  stopSequences: ['x'],
  temperature: 0.5,
  thinkingConfig: { thinkingBudget: 9000 },
  topK: 5,
  topP: 0.5,
  translationConfig: { targetLanguageCode: 'de' },
} satisfies Record<keyof GenerationConfig, unknown>;

const thinking = { includeThoughts: true, thinkingBudget: 9000, thinkingLevel: 'HIGH' } satisfies Record<
  keyof ThinkingConfig,
  unknown
>;

const tools = {
  codeExecution: {},
  computerUse: {},
  enterpriseWebSearch: {},
  exaAiSearch: {},
  fileSearch: {},
  functionDeclarations: [declared],
  googleMaps: {},
  googleSearch: {},
  googleSearchRetrieval: {},
  mcpServers: [{ name: 's' }],
  parallelAiSearch: {},
  retrieval: {},
  urlContext: {},
} satisfies Record<keyof Tool, unknown>;

const declaration = {
  behavior: 'NON_BLOCKING',
  description: 'x',
  name: 'rain',
  parameters: schema,
  parametersJsonSchema: { type: 'object', properties: { b: { type: 'string' } } },
  response: schema,
  responseJsonSchema: { type: 'object' },
} satisfies Record<keyof FunctionDeclaration, unknown>;

const toolConfig = {
  functionCallingConfig: { mode: 'ANY' },
  includeServerSideToolInvocations: true,
  retrievalConfig: { languageCode: 'en' },
} satisfies Record<keyof ToolConfig, unknown>;

const calling = {
  allowedFunctionNames: ['weather'],
  mode: 'ANY',
  streamFunctionCallArguments: true,
} satisfies Record<keyof FunctionCallingConfig, unknown>;

/** Whole parts by their one member. */
const parts = {
  codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' },
  executableCode: { language: 'PYTHON', code: '1' },
  fileData: { fileUri: 'https://example.com/a.png', mimeType: 'image/png' },
  inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' },
  text: 'x',
  toolCall: { toolType: 'GOOGLE_SEARCH_WEB' },
  toolResponse: { toolType: 'GOOGLE_SEARCH_WEB' },
} satisfies Partial<Record<keyof Part, unknown>>;

/** Members beside the content of a part. */
const beside = {
  audioTranscription: { text: 'x' },
  mediaProcessing: {},
  mediaResolution: { level: 'MEDIA_RESOLUTION_LOW' },
  partMetadata: { a: 1 },
  speechMetadata: {},
  videoMetadata: { fps: 1 },
} satisfies Partial<Record<keyof Part, unknown>>;

const ofModel = {
  functionCall: { at: 'contents[1].parts[1].functionCall.args', value: { a: 1 }, other: { a: 2 }, in: history },
  functionResponse: {
    at: 'contents[2].parts[0].functionResponse.response',
    value: { output: 'rain' },
    other: { output: 'sun' },
    in: history,
  },
  thought: { at: 'contents[1].parts[0].thought', value: true, in: history },
  thoughtSignature: { at: 'contents[1].parts[1].thoughtSignature', value: 'c2ln', in: history },
} satisfies Record<Exclude<keyof Part, keyof typeof parts | keyof typeof beside>, Probe>;

const media = (type: string): Probe => ({
  at: 'contents[0].parts[1]',
  value: { inlineData: { mimeType: type, data: 'AAAA' } },
  in: plain,
  name: `contents.parts: inlineData, ${type}`,
});

const inner: readonly Probe[] = [
  { at: 'contents[0].parts[0].text', value: 'hello', other: 'bye', in: plain, name: 'contents' },
  { at: 'systemInstruction', value: { parts: [{ text: 'be brief' }] }, in: plain },
  {
    at: 'systemInstruction.parts[1]',
    value: { inlineData: parts.inlineData },
    in: { ...plain, systemInstruction: { parts: [{ text: 'be brief' }] } },
    name: 'systemInstruction.parts: inlineData',
  },
  { at: 'tools', value: [{ functionDeclarations: [declared] }], in: plain },
  media('audio/wav'),
  media('application/pdf'),
  media('video/mp4'),
  {
    at: 'contents[0].parts[1]',
    value: { fileData: { fileUri: 'gs://bucket/a.pdf', mimeType: 'application/pdf' } },
    in: plain,
    name: 'contents.parts: fileData, PDF',
  },
  {
    at: 'contents[0].parts[1].inlineData.displayName',
    value: 'a.png',
    in: { contents: [{ ...user, parts: [{ text: 'x' }, { inlineData: parts.inlineData }] }] },
  },
  {
    at: 'contents[0].parts[1]',
    value: { a_kind_of_tomorrow: {} },
    in: plain,
    name: 'contents.parts: a kind of tomorrow',
  },
  { at: 'contents[0].parts[0].aMemberOfTomorrow', value: true, in: plain },
  {
    at: 'contents[1].parts[0].aMemberOfTomorrow',
    value: true,
    in: history,
    name: 'contents.parts.aMemberOfTomorrow, of the model',
  },
  { at: 'contents[1].parts[1].functionCall.id', value: 'c1', in: history },
  { at: 'contents[1].parts[1].functionCall.partialArgs', value: [{ jsonPath: '$.a' }], in: history },
  { at: 'contents[1].parts[1].functionCall.willContinue', value: true, in: history },
  { at: 'contents[2].parts[0].functionResponse.parts', value: [{ inlineData: parts.inlineData }], in: history },
  { at: 'contents[2].parts[0].functionResponse.scheduling', value: 'SILENT', in: history },
  { at: 'contents[2].parts[0].functionResponse.willContinue', value: true, in: history },
  {
    at: 'toolConfig.functionCallingConfig.mode',
    value: 'NONE',
    in: tooled,
    name: 'toolConfig.functionCallingConfig.mode: NONE',
  },
  {
    at: 'toolConfig.functionCallingConfig.mode',
    value: 'VALIDATED',
    in: tooled,
    name: 'toolConfig.functionCallingConfig.mode: VALIDATED',
  },
  {
    at: 'toolConfig.functionCallingConfig.allowedFunctionNames',
    value: ['weather'],
    in: { ...tooled, toolConfig: { functionCallingConfig: { mode: 'VALIDATED' } } },
    name: 'toolConfig.functionCallingConfig.allowedFunctionNames, with VALIDATED',
  },
  {
    at: 'generationConfig.responseMimeType',
    value: 'text/x.enum',
    in: { ...plain, generationConfig: { responseSchema: { type: 'STRING', enum: ['a'] } } },
    name: 'generationConfig.responseMimeType: text/x.enum',
  },
  { at: 'generationConfig.thinkingConfig.aMemberOfTomorrow', value: 1, in: plain },
  { at: 'generationConfig.aSettingOfTomorrow', value: 1, in: plain },
  { at: 'safetySettings', value: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }], in: plain },
  { at: 'cachedContent', value: 'cachedContents/c', in: plain },
  { at: 'labels', value: { a: 'b' }, in: plain },
  { at: 'serviceTier', value: 'flex', in: plain },
  { at: 'store', value: true, in: plain },
  { at: 'aFieldOfTomorrow', value: true, in: plain },
];

const under = (start: string, members: JsonObject, rest: JsonObject): readonly Probe[] =>
  Object.entries(members).map(([name, value]) => ({ at: `${start}.${name}`, value, in: rest }));

export const gemini: Dialect = {
  title: 'Google’s Gemini',
  native: ['gemini'],
  probes: [
    ...inner,
    ...under('generationConfig', settings, plain).map((probe) =>
      probe.at.endsWith('.logprobs')
        ? { ...probe, in: { ...plain, generationConfig: { responseLogprobs: true } } }
        : probe,
    ),
    {
      at: 'generationConfig.logprobs',
      value: 2,
      in: plain,
      name: 'generationConfig.logprobs, without responseLogprobs',
    },
    ...under('generationConfig.thinkingConfig', thinking, plain),
    ...under('tools[1]', tools, tooled).map((probe) => ({ ...probe, at: probe.at, name: probe.at.replace('[1]', '') })),
    ...under('tools[0].functionDeclarations[0]', declaration, tooled).map((probe) =>
      probe.at.endsWith('.name') ? { ...probe, other: 'weather' } : probe,
    ),
    ...under('toolConfig', toolConfig, tooled),
    ...under('toolConfig.functionCallingConfig', calling, {
      ...tooled,
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
    }).map((probe) => (probe.at.endsWith('.mode') ? { ...probe, in: tooled } : probe)),
    ...Object.entries(parts).map(([name, value]) => ({
      at: 'contents[0].parts[1]',
      value: { [name]: value },
      in: plain,
      name: `contents.parts.${name}`,
    })),
    ...under('contents[0].parts[0]', beside, plain),
    ...Object.values(ofModel),
  ],
  translate: (request, isNative) => toGeminiChat(parseGeminiRequest(request), { model: 'm', stream: false, isNative }),
  fieldName: toGeminiField,
  unsent: {
    'contents.parts.functionCall.id': 'calls and their results are paired by it',
    'contents.parts.thoughtSignature': 'it goes back only to Google',
    'generationConfig.thinkingConfig.includeThoughts': 'Sluice leaves the reasoning out of the answer without it',
    'toolConfig.functionCallingConfig.mode: NONE': 'the provider gets no tools',
  },
};
