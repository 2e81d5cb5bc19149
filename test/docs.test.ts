/**
 * The tutorials of docs/algorithms say nothing that is not so.
 *
 *   - Every block of code runs, and prints what the block of text below it says. After a change that is meant to change
 *     what is printed, `npx vitest run test/docs.test.ts -u` writes the new output into the documents.
 *   - Every number of the prose and of the drawings is one that some block of the same section computes, or a named
 *     constant of the source. Whole numbers up to 16 count and index things, and need no proof. Sums are done again.
 *   - Every file, function and constant that is named exists, and every link leads somewhere.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'docs/algorithms');

/** A block of code, and the block of text below it. */
const EXAMPLE = /```ts\n(.*?)```\n\n```text\n(.*?)```\n/gs;
const BLOCK = /^```(\w*)\n(.*?)^```$/gms;

const withoutBlocks = (text: string): string => text.replace(BLOCK, '');
const withoutSeparators = (number: string): string => number.replace(/[,_]/g, '');

// ---- blocks ----

/** Where the package's public names are in the source: `nnpack-ts/networks` is src/networks/index.ts. */
function publicNames(): Record<string, string> {
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = Object.entries<{ default?: string }>(exports).filter(([, target]) => target.default !== undefined);
  const source = (target: string) => join(root, target.replace('./dist/', 'src/').replace('.js', '.ts'));
  return Object.fromEntries(entries.map(([path, target]) => [`${name}${path.slice(1)}`, source(target.default!)]));
}

/** What a block prints, as a module of its own, in a process of its own, in the folder of the documents. */
async function run(code: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: folder, loader: 'ts' },
    alias: publicNames(),
    packages: 'external',
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  });
  const running = promisify(execFile)(process.execPath, ['--input-type=module'], { cwd: folder, timeout: 60_000 });
  running.child.stdin!.end(outputFiles[0].text);
  const { stdout } = await running;
  return stdout.replace(/ +$/gm, '');
}

/** A document with what its blocks really print. */
async function printed(document: string): Promise<string> {
  const outputs = await Promise.all([...document.matchAll(EXAMPLE)].map(([, code]) => run(code)));
  return document.replace(EXAMPLE, (_, code) => `\`\`\`ts\n${code}\`\`\`\n\n\`\`\`text\n${outputs.shift()}\`\`\`\n`);
}

// ---- numbers ----

const NUMBER = /\d[\d_,]*(?:\.\d+)?(?:\/\d+)?/g;
/** One that is not part of a name like wt8x8. */
const NUMBER_ALONE = /(?<![\p{L}\d_.,/])\d[\d_,]*(?:\.\d+)?(?:\/\d+)?(?!\p{L}*\d)/gu;
/** `ROWS = 576` */
const CONSTANT = /^([A-Z][A-Z_\d]*) = ([\d_,]+)$/;

const isCount = (number: string): boolean => /^\d+$/.test(number) && Number(number) <= 16;
const numbersIn = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([number]) => withoutSeparators(number));

/** The numbers of a section that nothing in it computes, each with its line. */
function unproven(section: string): string[] {
  const known = new Set([...section.matchAll(EXAMPLE)].flatMap(([, code, output]) => numbersIn(code + output, NUMBER)));
  for (const span of spansOf(section)) {
    const value = CONSTANT.exec(span)?.[2];
    if (value !== undefined) known.add(withoutSeparators(value));
  }
  return claims(section)
    .split('\n')
    .flatMap((line) =>
      numbersIn(line, NUMBER_ALONE)
        .filter((number) => !isCount(number) && !known.has(number))
        .map((number) => `${number} in: ${line}`),
    );
}

/** Prose and drawings, without code, output and the targets of links. */
const claims = (text: string): string => text.replace(EXAMPLE, '').replace(/\]\([^)]*\)/g, ']');

/** `2·1 + 1·2 = 4`, in whole numbers. */
const SUM = /(?<![·+−] )\b(\d+(?:·\d+)*(?: [+−] \d+(?:·\d+)*)+)\s=\s(−?\d+)(?![\d/·])/g;

/** Sums in the prose that are not what is said. */
function wrongSums(text: string): string[] {
  return [...claims(text).matchAll(SUM)]
    .filter(([, sum, result]) => evaluate(sum) !== Number(result.replace('−', '-')))
    .map(([whole]) => whole);
}

function evaluate(sum: string): number {
  const terms = sum.replace(/\s/g, '').replaceAll('−', '+−').split('+');
  const product = (term: string) =>
    term
      .replace('−', '')
      .split('·')
      .reduce((all, factor) => all * Number(factor), 1);
  return terms.reduce((total, term) => total + (term.startsWith('−') ? -product(term) : product(term)), 0);
}

// ---- names ----

const PATH = /^(?:src|scripts|test|docs)\/[\w./-]+$/;
const spansOf = (text: string): string[] => [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map((match) => match[1]);

/** The text of every file of the source by its path. */
const sources = new Map(
  ['src', 'scripts']
    .flatMap((top) =>
      readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map((name) => `${top}/${name}`),
    )
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
);

/** Files, functions and constants of one line that are not there. Names in a table's row are of the row's files. */
function missingNames(line: string): string[] {
  const spans = spansOf(line);
  const paths = spans.filter((span) => PATH.test(span));
  const isRow = line.startsWith('|') && paths.length > 0;
  const texts = isRow ? paths.map((path) => sources.get(path) ?? '') : [...sources.values()];
  const isMissing = (span: string): boolean => {
    if (PATH.test(span)) return !existsSync(join(root, span));
    const [, constant, value] = CONSTANT.exec(span) ?? [];
    if (constant !== undefined) {
      const declaration = new RegExp(`const ${constant} = ([\\d_]+);`);
      return !texts.some((text) => withoutSeparators(declaration.exec(text)?.[1] ?? '') === withoutSeparators(value));
    }
    const name = /^([A-Za-z]\w+)(\(\))?$/.exec(span);
    if (name === null || (!isRow && name[2] === undefined)) return false;
    return !texts.some((text) => declares(text, name[1]));
  };
  return spans.filter(isMissing).map((span) => `${span} in: ${line}`);
}

/** Whether a text declares a function, constant, type or method. */
function declares(text: string, name: string): boolean {
  return new RegExp(`\\b(?:function|const|class|interface|type) ${name}\\b|^ +(?:readonly )?${name}[(:?]`, 'm').test(
    text,
  );
}

/** The anchor that a heading gets: lower case, without punctuation, dashes for spaces. */
function anchorOf(heading: string): string {
  const words = heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '');
  return words.replaceAll(' ', '-');
}

/** Relative links of a document that lead nowhere. */
function brokenLinks(name: string, document: string): string[] {
  const links = [...withoutBlocks(document).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]);
  return links.filter((link) => {
    const [path, anchor] = link.split('#');
    const target = join(folder, path === '' ? name : path);
    if (!existsSync(target)) return true;
    if (anchor === undefined) return false;
    const headings = withoutBlocks(readFileSync(target, 'utf8')).matchAll(/^#+ (.*)$/gm);
    return ![...headings].some(([, heading]) => anchorOf(heading) === anchor);
  });
}

// ---- documents ----

const documents = readdirSync(folder).filter((name) => name.endsWith('.md'));

it('finds the documents', () => {
  expect(documents.sort()).toEqual(['README.md', 'fourier.md', 'implicit-gemm.md', 'winograd.md']);
});

describe.each(documents)('docs/algorithms/%s', (name) => {
  const document = readFileSync(join(folder, name), 'utf8');
  const sections = document.split(/^(?=## )/m).filter((section) => !section.startsWith('## Sources'));

  it('prints what it says', async () => {
    const blocks = [...document.matchAll(BLOCK)].filter(([, language]) => language === 'ts');
    expect([...document.matchAll(EXAMPLE)].length, 'blocks of code with their output').toBe(blocks.length);
    expect(blocks.length).toBeGreaterThan(0);
    await expect(await printed(document)).toMatchFileSnapshot(join(folder, name));
  });

  it('says no number that is not computed beside it', () => {
    expect(sections.flatMap(unproven)).toEqual([]);
    expect(wrongSums(document)).toEqual([]);
  });

  it('names files, functions and constants that exist', () => {
    expect(withoutBlocks(document).split('\n').flatMap(missingNames)).toEqual([]);
  });

  it('links to what exists', () => {
    expect(brokenLinks(name, document)).toEqual([]);
  });

  it('keeps its lines to 120 columns', () => {
    expect(document.split('\n').filter((line) => [...line].length > 120 && !line.startsWith('|'))).toEqual([]);
  });
});
