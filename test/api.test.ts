/**
 * The API reference is what the doc comments say, so every public name has one: each entry point of the package, what it
 * exports, and the methods of its classes; and every function has an example. `npm run docs:api` writes the reference into
 * docs/api.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Application,
  type DeclarationReflection,
  Logger,
  LogLevel,
  type ProjectReflection,
  ReflectionKind,
  TSConfigReader,
  TypeDocReader,
} from 'typedoc';
import { beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** What the generator reads with the typedoc.json of a folder, and what it complains of. */
interface Read {
  readonly project: ProjectReflection;
  readonly complaints: readonly string[];
}

async function read(folder: string): Promise<Read> {
  const application = await Application.bootstrap({ options: join(root, folder, 'typedoc.json') }, [
    new TypeDocReader(),
    new TSConfigReader(),
  ]);
  const complaints: string[] = [];
  class Collector extends Logger {
    override log(message: string, level: LogLevel): void {
      if (level >= LogLevel.Warn) complaints.push(message);
    }
  }
  application.logger = new Collector();
  const project = await application.convert();
  if (project === undefined) throw new Error(`the generator gave nothing: ${complaints.join('\n')}`);
  application.validate(project);
  return { project, complaints };
}

/** Functions whose doc comment has no example. */
function withoutExample(project: ProjectReflection): string[] {
  const functions = project.getReflectionsByKind(ReflectionKind.Function) as DeclarationReflection[];
  const hasNone = ({ signatures = [] }: DeclarationReflection): boolean =>
    signatures.some(({ comment }) => comment?.getTag('@example') === undefined);
  return functions.filter(hasNone).map(({ name }) => name);
}

describe('the API reference', () => {
  let [ours, faulty]: Read[] = [];
  beforeAll(async () => {
    ours = await read('.');
    faulty = await read('test/fixtures/undocumented');
  }, 120_000);

  it('has every entry point of the package', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const { entryPoints } = JSON.parse(readFileSync(join(root, 'typedoc.json'), 'utf8'));
    const targets = Object.values<{ default?: string }>(exports).flatMap((target) => target.default ?? []);
    const sources = targets.map((path) => path.replace('./dist/', 'src/').replace('.js', '.ts'));
    expect([...entryPoints].sort()).toEqual(sources.sort());
  });

  it('has a doc comment for every public name, and links that lead somewhere', () => {
    expect(ours.complaints).toEqual([]);
    expect(faulty.complaints).toEqual([expect.stringContaining('nameWithoutComment')]);
  });

  it('has an example for every function', () => {
    expect(withoutExample(ours.project)).toEqual([]);
    expect(withoutExample(faulty.project)).toEqual(['functionWithoutExample']);
  });
});
