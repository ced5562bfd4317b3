import { describe, expect, it } from 'vitest';
import { formatDirectives } from '../../src/faults/directives.ts';
import { checkRules, type ScriptRule } from '../../src/script/rule.ts';
import { createScript, type Script } from '../../src/script/script.ts';

function scriptOf(...rules: ScriptRule[]): Script {
  const script = createScript();
  add(script, rules);
  return script;
}

function add(script: Script, rules: ScriptRule[]): void {
  const checked = checkRules(rules);
  if ('problem' in checked) throw new Error(checked.problem);
  script.add(checked.rules);
}

function use(script: Script, call: { model?: string; credential?: string; body?: string } = {}): string {
  return formatDirectives(script.use({ model: 'demo', credential: 'tok-a', body: '{}', ...call }));
}

describe('createScript', () => {
  it('uses the first matching rule with uses left', () => {
    const script = scriptOf({ times: 1, directives: 'e500' }, { times: 2, directives: 'e503' });
    expect([1, 2, 3, 4].map(() => use(script))).toEqual(['e500', 'e503', 'e503', '']);
  });

  it('lets calls pass a rule that still skips, to later rules', () => {
    const script = scriptOf({ skip: 2, times: 1, directives: 'e500' }, { directives: 't1' });
    expect([1, 2, 3, 4].map(() => use(script))).toEqual(['t1', 't1', 'e500', 't1']);
  });

  it('counts only matching calls', () => {
    const script = scriptOf({ match: { model: 'demo' }, skip: 1, times: 1, directives: 'e500' });
    const models = ['other', 'demo', 'other', 'demo', 'demo'];
    expect(models.map((model) => use(script, { model }))).toEqual(['', '', '', 'e500', '']);
  });

  it.each<[ScriptRule['match'], object, boolean]>([
    [{ model: 'demo' }, { model: 'demo' }, true],
    [{ model: 'demo' }, { model: 'demo-t4' }, false],
    [{ model: 'demo*' }, { model: 'demo-t4' }, true],
    [{ model: 'demo*' }, { model: 'a-demo' }, false],
    [{ model: '*' }, { model: 'anything' }, true],
    [{ credential: 'tok-a' }, { credential: 'tok-a' }, true],
    [{ credential: 'tok-a' }, { credential: 'tok-ab' }, false],
    [{ contains: 'rid=7' }, { body: '{"content":"rid=7"}' }, true],
    [{ contains: 'rid=7' }, { body: '{"content":"rid=8"}' }, false],
    [{ model: 'demo', credential: 'tok-a' }, { model: 'demo', credential: 'tok-b' }, false],
    [{}, {}, true],
  ])('with match %j and call %j matches: %j', (match, call, fits) => {
    expect(use(scriptOf({ match: match ?? {}, directives: 't1' }), call)).toBe(fits ? 't1' : '');
  });

  it('appends rules and deletes all', () => {
    const script = scriptOf({ times: 1, directives: 'e500' });
    add(script, [{ directives: 'e503' }]);
    expect([use(script), use(script)]).toEqual(['e500', 'e503']);
    script.clear();
    expect(use(script)).toBe('');
  });
});
