/**
 * The API reference is what the doc comments say, so every public name has one: each entry point of the package, what it
 * exports, and the methods of its classes. `npm run docs:api` writes the reference into docs/api.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application, Logger, LogLevel, TSConfigReader, TypeDocReader } from 'typedoc';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** What the generator complains of, with the typedoc.json of a folder. */
async function complaints(folder: string): Promise<string[]> {
  const application = await Application.bootstrap({ options: join(root, folder, 'typedoc.json') }, [
    new TypeDocReader(),
    new TSConfigReader(),
  ]);
  const said: string[] = [];
  class Collector extends Logger {
    override log(message: string, level: LogLevel): void {
      if (level >= LogLevel.Warn) said.push(message);
    }
  }
  application.logger = new Collector();
  const project = await application.convert();
  if (project === undefined) throw new Error(`the generator gave nothing: ${said.join('\n')}`);
  application.validate(project);
  return said;
}

describe('the API reference', () => {
  it('has every entry point of the package', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const { entryPoints } = JSON.parse(readFileSync(join(root, 'typedoc.json'), 'utf8'));
    const targets = Object.values<{ default?: string }>(exports).flatMap((target) => target.default ?? []);
    const sources = targets.map((path) => path.replace('./dist/', 'src/').replace('.js', '.ts'));
    expect([...entryPoints].sort()).toEqual(sources.sort());
  });

  it('has a doc comment for every public name', async () => {
    expect(await complaints('.')).toEqual([]);
  });

  it('notices a name without one', async () => {
    const said = await complaints('test/fixtures/undocumented');
    expect(said).toEqual([expect.stringContaining('nameWithoutComment')]);
  });
});
