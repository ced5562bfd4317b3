import type { z } from 'zod';
import { type ConfigProblem, formatPath } from '../config-error.ts';
import { nearest } from './did-you-mean.ts';

/** Converts zod's issues to problems, one for each faulty setting. */
export function explainIssues(
  issues: readonly z.core.$ZodIssue[],
  namesAt: (path: readonly PropertyKey[]) => readonly string[],
): ConfigProblem[] {
  const problems = issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return { path: formatPath(issue.path), message: issue.message };
    return issue.keys.map((name) => unknownSetting(name, issue.path, namesAt(issue.path)));
  });
  // A number can break two rules that have the same message.
  return [...new Map(problems.map((problem) => [`${problem.path}: ${problem.message}`, problem])).values()];
}

function unknownSetting(name: string, path: readonly PropertyKey[], names: readonly string[]): ConfigProblem {
  const meant = nearest(name, names);
  const advice = meant === undefined ? `known here are ${names.join(', ')}` : `did you mean ${meant}?`;
  return { path: formatPath([...path, name]), message: `is not a setting; ${advice}` };
}
