import type { core } from 'zod';
import { GatewayError } from '../errors/gateway-error.ts';
import {
  emptyField,
  type Field,
  fieldOf,
  missingField,
  numberOutOfRange,
  paramOf,
  propertyNameTooLong,
  textTooLong,
  wrongPattern,
  wrongType,
  wrongWord,
} from './field-errors.ts';
import { maxPropertyNameLength } from './field-types.ts';

type Issue = core.$ZodIssue;
type RangeIssue = core.$ZodIssueTooSmall | core.$ZodIssueTooBig;

/**
 * Converts a zod issue to an error in the words of OpenAI's API; `field-types.ts` explains the messages of the issues.
 */
export function explainIssue(found: Issue, body: unknown): GatewayError {
  const { issue, path, wanted } = settle(found, body);
  const field: Field = { param: paramOf(path), value: valueAt(body, path) };
  if (field.value === undefined) return missingField(field.param);
  switch (issue.code) {
    case 'invalid_type':
    case 'custom':
      return wrongType(field, wanted);
    case 'invalid_value':
      return wrongWord(field, issue.values);
    case 'invalid_union':
      return issue.errors.length > 0 ? wrongType(field, wanted) : wrongWord(field, tagsOf(issue));
    case 'too_small':
    case 'too_big':
      return outOfRange(field, issue);
    case 'invalid_format':
      return wrongPattern(field, wanted);
    case 'invalid_key':
      return propertyNameTooLong(paramOf(path.slice(0, -1)), { name: String(path.at(-1)), max: maxPropertyNameLength });
    // No schema of a request raises these.
    case 'not_multiple_of':
    case 'unrecognized_keys':
    case 'invalid_element':
      return new GatewayError('invalid_value', { param: field.param, message: `Invalid '${field.param}': ${wanted}.` });
  }
}

/** Returns the tags of a discriminated union. */
function tagsOf(issue: core.$ZodIssueInvalidUnion): readonly unknown[] {
  return 'options' in issue ? (issue.options ?? []) : [];
}

interface Finding {
  readonly issue: Issue;
  readonly path: readonly PropertyKey[];
  /** The issue's message; for a union without a branch of the value's type, the types of all branches. */
  readonly wanted: string;
}

/**
 * Selects the relevant issue of a union. A union reports the issues of every branch; the relevant branch is the first
 * one of the value's own type, which for objects is the branch with the value's tag.
 */
function settle(issue: Issue, root: unknown): Finding {
  const { path, message } = issue;
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return { issue, path, wanted: message };
  const value = valueAt(root, path);
  const minded = issue.errors.flatMap(([first]) => (first === undefined ? [] : [settle(first, value)]));
  const meant = minded.find((finding) => !isWrongType(finding, value));
  return meant === undefined
    ? { issue, path, wanted: anyOf(minded.map(({ wanted }) => wanted)) }
    : { ...meant, path: [...path, ...meant.path] };
}

/** Returns whether a branch of a union requires another type than the value's. */
function isWrongType({ issue, path }: Finding, value: unknown): boolean {
  if (path.length > 0) return false;
  return (
    issue.code === 'invalid_type' ||
    (issue.code === 'invalid_union' && issue.errors.length > 0) ||
    (issue.code === 'invalid_value' && typeof value !== 'string')
  );
}

/** Combines `a string` and `an array of objects` to `one of a string or array of objects`. */
function anyOf(types: readonly string[]): string {
  const [first = '', ...others] = new Set(types);
  if (others.length === 0) return first;
  const words = [first, ...others.map((type) => type.replace(/^an? /, ''))];
  return `one of ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(fieldOf, root);
}

function outOfRange(field: Field, issue: RangeIssue): GatewayError {
  const isAbove = issue.code === 'too_big';
  const limit = isAbove ? issue.maximum : issue.minimum;
  if (typeof field.value === 'number') {
    const kind = issue.message === 'integer' ? 'integer' : 'decimal';
    return numberOutOfRange(field, { kind, side: isAbove ? 'above_max' : 'below_min', limit });
  }
  return isAbove ? textTooLong(field, Number(limit)) : emptyField(field);
}
