import type { Config, EffectiveSetting } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { type Check, ok, problem, warning } from '../../src/doctor/check.ts';
import { countOf, toJson, toText } from '../../src/doctor/report.ts';
