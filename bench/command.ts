/** The command `bench`: figures of this machine, each beside its goal. */

import { oneOf, positive, readOneOf } from '../src/cli/arguments.ts';
import { type Command, type Given, STOPPED } from '../src/cli/command.ts';
import { describeMachine, formatMachine } from '../src/cli/machine.ts';
import { HTML_OPTION, JSON_OPTION, type Output, outputOf } from '../src/cli/output.ts';
import { type ProgressBar, progressBar } from '../src/cli/progress.ts';
import { type ContextDescription, createContext } from '../src/context/context.ts';
import { breathe } from '../src/graph/breathe.ts';
import { KERNEL_TABLES } from '../src/kernels/table.ts';
import { type Findings, noFindings } from './findings.ts';
import type { BenchResult } from './result.ts';
import type { Bench, KernelsChoice, Section } from './section.ts';
import { batch } from './sections/batch.ts';
import { choice } from './sections/choice.ts';
import { firstCall } from './sections/first-call.ts';
import { fourier } from './sections/fourier.ts';
import { fullyConnected } from './sections/fully-connected.ts';
import { gemm } from './sections/gemm.ts';
import { layers } from './sections/layers.ts';
import { memory } from './sections/memory.ts';
import { reader } from './sections/reader.ts';
import { sizes } from './sections/sizes.ts';
import { threads } from './sections/threads.ts';

/** The sections that need nothing but this package. */
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
  reader,
  firstCall,
];

/** The command that measures some of the sections; `line` is the command line that calls it. */
export function benchCommand(sections: readonly Section[], line: string): Command {
  return {
    name: 'bench',
    summary: 'Measures algorithms, layers, threads and batches on this machine, beside the goals.',
    positionals: { '[section …]': `what is measured, of ${sections.map(({ name }) => name).join(', ')} (all)` },
    most: sections.length,
    options: {
      kernels: { value: 'NAME', help: `the kernel table: auto, ${KERNEL_TABLES.join(', ')} (auto)` },
      'time-limit': { value: 'SECONDS', help: 'when to stop, with what is done by then (when all is done)' },
      json: JSON_OPTION,
      html: HTML_OPTION,
    },
    examples: [
      [line, `all sections, ${duration(sections)}`],
      ...sections.map((section) => [`${line} ${section.name}`, `${section.what}, ${duration([section])}`] as const),
      [`${line} layers sizes --html bench.html`, 'two of them, as a page of plots'],
      [`${line} layers --kernels scalar`, 'one of them on typed arrays alone'],
      [`${line} --time-limit 600`, 'as much as ten minutes are enough for'],
    ],
    async run(given, signal) {
      const chosen = chosenOf(sections, given);
      const kernels = oneOf(given, 'kernels', ['auto', ...KERNEL_TABLES] as const) ?? 'auto';
      const page = async () => (await import('./report/bench-page.ts')).benchPage;
      const output = await outputOf<BenchResult>(given, { page });
      const seconds = positive(given, 'time-limit');
      const result = await measureSections(chosen, kernels, limited(signal, seconds), output);
      await output.write(result);
      if (!result.stopped) return;
      console.error(signal.aborted ? 'stopped' : `cut at the time limit of ${seconds} s: the rest was not measured`);
      if (signal.aborted) process.exitCode = STOPPED;
    },
  };
}

/** Milliseconds: what timers can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Aborted with the signal, or when so many seconds have passed. */
function limited(signal: AbortSignal, seconds: number | undefined): AbortSignal {
  if (seconds === undefined) return signal;
  const controller = new AbortController();
  const stop = () => controller.abort();
  signal.addEventListener('abort', stop);
  setTimeout(stop, Math.min(1000 * seconds, LONGEST_TIMER)).unref();
  return controller.signal;
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

/** Describes a context with these kernels, so that a table that cannot run is refused before minutes are spent. */
async function describeKernels(kernels: KernelsChoice): Promise<ContextDescription> {
  const context = await createContext({ threads: 1, kernels });
  const description = context.describe();
  context.dispose();
  return description;
}

/** Runs one section after the other, whose findings are printed below its title; the signal ends with what is done. */
async function measureSections(
  chosen: readonly Section[],
  kernels: KernelsChoice,
  signal: AbortSignal,
  { say }: Output<BenchResult>,
): Promise<BenchResult> {
  const { kernels: table, reasons } = await describeKernels(kernels);
  for (const text of [`${table} kernels`, ...reasons]) say(text);
  const bar = progressBar(true);
  const stepsOf = stepper(chosen, bar);
  const finished: Findings[] = [];
  for (const section of chosen) {
    const found = noFindings((text) => {
      bar.clear();
      say(text);
    });
    finished.push(found);
    say(`${section.what}, ${duration([section])}`);
    try {
      await section.run({ kernels, signal, step: stepsOf(section), found });
    } catch (error) {
      // Ctrl-C reaches a child as well; our own signal may still be on its way then.
      await breathe();
      if (!signal.aborted) throw error;
    } finally {
      bar.clear();
    }
    if (signal.aborted) break;
  }
  const machine = describeMachine(finished.flatMap(({ packages }) => packages));
  say(formatMachine(machine));
  return {
    machine,
    kernels: table,
    reasons,
    rows: finished.flatMap(({ rows }) => rows.all),
    layers: finished.flatMap(({ layers }) => layers.all),
    sizes: finished.flatMap(({ sizes }) => sizes.all),
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
