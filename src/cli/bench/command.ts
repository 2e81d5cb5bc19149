/** `nnpack-ts bench`: figures of this machine, each beside its goal. */
import { KERNEL_TABLES } from '../../kernels/tables.ts';
import { breathe } from '../../networks/breathe.ts';
import { type ContextDescription, createContext } from '../../threads/context.ts';
import { oneOf, readOneOf } from '../arguments.ts';
import { type Command, type Given, STOPPED } from '../command.ts';
import { checkWritable, writeWhole } from '../files.ts';
import { describeMachine, formatMachine } from '../machine.ts';
import { type ProgressBar, progressBar } from '../progress.ts';
import type { BenchResult } from './result.ts';
import { type Bench, type Findings, type KernelsChoice, noFindings, type Section } from './section.ts';
import { batch } from './sections/batch.ts';
import { choice } from './sections/choice.ts';
import { firstCall } from './sections/first-call.ts';
import { fourier } from './sections/fourier.ts';
import { fullyConnected } from './sections/fully-connected.ts';
import { gemm } from './sections/gemm.ts';
import { layers } from './sections/layers.ts';
import { memory } from './sections/memory.ts';
import { sizes } from './sections/sizes.ts';
import { threads } from './sections/threads.ts';
import { formatFindings } from './tables.ts';

/** What needs nothing but this package. */
export const sections: readonly Section[] = [
  layers,
  choice,
  sizes,
  gemm,
  fullyConnected,
  fourier,
  threads,
  batch,
  memory,
  firstCall,
];

export const bench = benchCommand(sections, 'nnpack-ts bench');

/** The command that measures some of the sections; `line` is what calls it. */
export function benchCommand(sections: readonly Section[], line: string): Command {
  return {
    name: 'bench',
    summary: 'Measures algorithms, layers, threads and batches on this machine, beside the goals.',
    positionals: '[section …]',
    most: sections.length,
    options: {
      kernels: { value: 'NAME', help: `the kernel table: auto, ${KERNEL_TABLES.join(', ')} (auto)` },
      json: { value: 'FILE', help: 'write all figures as JSON; - for standard output, and nothing else there' },
      html: { value: 'FILE', help: 'write one page of plots' },
    },
    examples: [
      [line, `all sections, ${duration(sections)}`],
      ...sections.map((section) => [`${line} ${section.name}`, `${section.what}, ${duration([section])}`] as const),
      [`${line} layers sizes --html bench.html`, 'two of them, as a page of plots'],
      [`${line} layers --kernels scalar`, 'one of them on typed arrays alone'],
    ],
    async run(given, signal) {
      const chosen = chosenOf(sections, given);
      const kernels = oneOf(given, 'kernels', ['auto', ...KERNEL_TABLES] as const) ?? 'auto';
      const write = await outputOf(given);
      const result = await measureSections(chosen, kernels, signal, given.options.get('json') === '-');
      await write(result);
      if (!result.stopped) return;
      console.error('stopped');
      process.exitCode = STOPPED;
    },
  };
}

function duration(sections: readonly Section[]): string {
  const seconds = secondsOf(sections);
  return seconds < 60 ? `about ${seconds} s` : `about ${Math.round(seconds / 60)} min`;
}

/** The sections that are asked for, in the order in which they are listed; all when none is. */
function chosenOf(sections: readonly Section[], { positionals }: Given): Section[] {
  const read = readOneOf(sections.map(({ name }) => name));
  const names = positionals.map((text) => read(text, 'section'));
  return sections.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** What becomes of the result beside the tables; everything that can fail for it is tried before minutes are spent. */
async function outputOf({ options }: Given): Promise<(result: BenchResult) => Promise<void>> {
  const json = options.get('json');
  const html = options.get('html');
  for (const path of [json, html]) if (path !== undefined && path !== '-') await checkWritable(path);
  const page = html === undefined ? null : await loadPage();
  return async (result) => {
    const text = `${JSON.stringify(result, null, 2)}\n`;
    if (json === '-') process.stdout.write(text);
    else if (json !== undefined) await writeWhole(json, text);
    if (html !== undefined && page !== null) await writeWhole(html, await page(result));
  };
}

/** Plots are drawn by packages that need not be installed. */
async function loadPage(): Promise<(result: BenchResult) => Promise<string>> {
  const { loadDrawing } = await import('../report/plots.ts');
  await loadDrawing();
  return (await import('../report/bench-page.ts')).benchPage;
}

/** What a context with these kernels gets here: a table that cannot run is refused before minutes are spent. */
async function describeKernels(kernels: KernelsChoice): Promise<ContextDescription> {
  const context = await createContext({ threads: 1, kernels });
  const description = context.describe();
  context.dispose();
  return description;
}

/** Runs one section after the other and prints the tables of each; Ctrl-C ends with what is done. */
async function measureSections(
  chosen: readonly Section[],
  kernels: KernelsChoice,
  signal: AbortSignal,
  isQuiet: boolean,
): Promise<BenchResult> {
  const { kernels: table, reasons } = await describeKernels(kernels);
  if (!isQuiet) for (const text of [`${table} kernels`, ...reasons]) console.log(text);
  const bar = progressBar(true);
  const stepsOf = stepper(chosen, bar);
  const finished: Findings[] = [];
  for (const section of chosen) {
    const found = noFindings();
    finished.push(found);
    try {
      await section.run({ kernels, signal, step: stepsOf(section), found });
    } catch (error) {
      // Ctrl-C reaches a child as well; our own signal may still be on its way then.
      await breathe();
      if (!signal.aborted) throw error;
    } finally {
      bar.clear();
    }
    const text = formatFindings(section.what, found);
    if (text !== null && !isQuiet) console.log(text);
    if (signal.aborted) break;
  }
  const machine = describeMachine(finished.flatMap(({ packages }) => packages));
  if (!isQuiet) console.log(formatMachine(machine));
  return {
    machine,
    kernels: table,
    reasons,
    rows: finished.flatMap(({ rows }) => rows),
    layers: finished.flatMap(({ layers }) => layers),
    sizes: finished.flatMap(({ sizes }) => sizes),
    stopped: signal.aborted,
  };
}

/** Shows each step in per cent of the whole: a section is worth its seconds, a step its share of the section's work. */
function stepper(chosen: readonly Section[], bar: ProgressBar): (section: Section) => Bench['step'] {
  return (section) => {
    const before = secondsOf(chosen.slice(0, chosen.indexOf(section)));
    let said = 0;
    return (what) => {
      const done = before + section.seconds * (sum(section.steps.slice(0, said++)) / sum(section.steps));
      bar.update(Math.round((100 * done) / secondsOf(chosen)), 100, `${section.name}: ${what}`);
    };
  };
}

function secondsOf(sections: readonly Section[]): number {
  return sum(sections.map(({ seconds }) => seconds));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
