import type { EffectiveSetting, SettingOrigin, SettingsList } from '@sluice/config';
import type { Check, Level } from './check.ts';

/** All findings of the doctor. */
export interface Report {
  /** Undefined if the configuration can't be read. */
  readonly settings: SettingsList | undefined;
  readonly checks: readonly Check[];
}

const widest = 36;

/** The report for people. Defaults within lists are left out; `--json` has them. */
export function toText({ settings, checks }: Report): string {
  const lines = settings === undefined ? [] : ['Settings', ...settingLines(settings), ''];
  return [...lines, 'Checks', ...checks.flatMap(checkLines), '', summaryOf(checks)].join('\n');
}

export function toJson({ settings, checks }: Report): string {
  const count = countOf(checks);
  return JSON.stringify(
    {
      ok: count.problem === 0,
      problems: count.problem,
      warnings: count.warning,
      file: settings?.file ?? null,
      profile: settings?.profile ?? null,
      settings: settings?.settings.map(({ path, value, origin }) => ({ path, value, origin })) ?? null,
      checks,
    },
    null,
    2,
  );
}

function settingLines({ settings }: SettingsList): string[] {
  const shown = settings.filter(({ path, origin }) => origin.kind !== 'default' || !path.includes('['));
  const width = (textOf: (setting: EffectiveSetting) => string): number =>
    Math.min(widest, Math.max(0, ...shown.map((setting) => textOf(setting).length)));
  const [pathWidth, valueWidth] = [width(({ path }) => path), width(({ value }) => value)];
  return shown.map(
    ({ path, value, origin }) => `  ${path.padEnd(pathWidth)}  ${value.padEnd(valueWidth)}  ${originInWords(origin)}`,
  );
}

/** As in `sluice.yaml:12, from OPENAI_API_KEY`. */
export function originInWords(origin: SettingOrigin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'variable':
      return `environment variable ${origin.name}`;
    case 'dotenv':
      return `${origin.name} in .env`;
    case 'file':
      return `${origin.file}${origin.line === undefined ? '' : `:${origin.line}`}${fromVariables(origin.variables)}`;
    case 'profile':
      return `profile ${origin.profile}${fromVariables(origin.variables)}`;
  }
}

function fromVariables(variables: readonly { readonly name: string; readonly isFromDotenv: boolean }[]): string {
  if (variables.length === 0) return '';
  return `, from ${variables.map(({ name, isFromDotenv }) => (isFromDotenv ? `${name} in .env` : name)).join(' and ')}`;
}

function checkLines({ level, about, text, advice }: Check): string[] {
  const subject = about === undefined ? '' : `${capital(about)}: `;
  const margin = ' '.repeat(11);
  return [
    `  ${level.padEnd(7)}  ${subject}${text.replaceAll('\n', `\n${margin}`)}`,
    ...(advice === undefined ? [] : [`${margin}${advice}`]),
  ];
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function summaryOf(checks: readonly Check[]): string {
  const { problem, warning } = countOf(checks);
  if (problem === 0 && warning === 0) return 'No problem was found.';
  const counts = [
    ...(problem === 0 ? [] : [inNumber(problem, 'problem')]),
    ...(warning === 0 ? [] : [inNumber(warning, 'warning')]),
  ];
  return `${counts.join(' and ')}.`;
}

const inNumber = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

export function countOf(checks: readonly Check[]): Readonly<Record<Level, number>> {
  const count = { ok: 0, warning: 0, problem: 0 };
  for (const { level } of checks) count[level]++;
  return count;
}
