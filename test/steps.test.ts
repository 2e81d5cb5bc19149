/** A worker finds a step by its name in one list: a step that is missing there would fail on the first call that is shared. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STEPS } from '../src/steps.ts';

const SOURCE = join(import.meta.dirname, '..', 'src');

/** A definition as every file writes it; `export function defineStep` is none. */
const DEFINITION = /(?:export )?const (\w+)\s*(?::[^=]*)?=\s*defineStep\(\s*(?:'([^']+)'|"([^"]+)")/g;
const CALL = /(?<!function )\bdefineStep\s*(?:<[^(]*>)?\(/g;

interface Definition {
  readonly file: string;
  readonly variable: string;
  readonly name: string;
}

/** The code of a file without its comments. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function definitionsIn(file: string, text: string): Definition[] {
  const code = codeOf(text);
  const found = [...code.matchAll(DEFINITION)].map(([, variable, single, double]) => ({
    file,
    variable,
    name: single ?? double,
  }));
  // A step that is written in another way would be overlooked, here and by whoever reads.
  expect(found.length, `${file}: steps are defined as const NAME = defineStep('NAME', …)`).toBe(
    [...code.matchAll(CALL)].length,
  );
  return found;
}

const definitions = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => definitionsIn(file, readFileSync(join(SOURCE, file), 'utf8')));

describe('parallel steps', () => {
  it('are all in the list that workers know, and nothing else is', () => {
    expect(definitions.length).toBeGreaterThan(20);
    expect([...STEPS.keys()].sort()).toEqual(definitions.map(({ name }) => name).sort());
  });

  it.each(definitions.map((definition) => [definition.name, definition] as const))(
    '%s is found under its own name',
    async (name, { file, variable }) => {
      const module: Record<string, unknown> = await import(/* @vite-ignore */ join(SOURCE, file));
      expect(STEPS.get(name)).toBe(module[variable]);
    },
  );

  it('have names of their own', () => {
    expect(new Set(definitions.map(({ name }) => name)).size).toBe(definitions.length);
  });

  it('are looked for in whatever way they are laid out', () => {
    const text = [
      "export const a = defineStep('first', ['x'], run);",
      'const b: Step<P> = defineStep(',
      "  'second step',",
      '  [],',
      "/** const c = defineStep('in a comment', []) */",
    ].join('\n');
    expect(definitionsIn('drawn.ts', text).map(({ name }) => name)).toEqual(['first', 'second step']);
    expect(() => definitionsIn('drawn.ts', 'const steps = [defineStep(NAME, [], run)];')).toThrow('drawn.ts');
  });
});
