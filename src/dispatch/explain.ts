/** A choice as something to read: data, and a table of it. */
import type { AlgorithmName, WeightSizes } from '../algorithms/algorithm.ts';
import { UNDERFLOW } from '../maths/float32.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import type { Candidate } from './candidate.ts';
import { atLeast, atMost } from './digits.ts';
import type { RuleResult } from './rules.ts';
import { EPSILON, type Selection } from './select.ts';

/** What an explanation speaks of: a plan, which packs its kernel once, or one call, which packs it each time. */
export type ExplanationSubject = 'plan' | 'call';

const SUBJECTS: Readonly<Record<ExplanationSubject, string>> = {
  plan: 'This is of a plan, which packs the kernel once: the time of a run counts.',
  call: 'This is of a call, which packs the kernel each time: the times to run and to pack count.',
};

const ONE_IMAGE = 'The context is batch-invariant: the choice is that for one image, whose figures these are.';

/** Why a plan or a call runs as it does; prints as a table. */
export class ConvolutionExplanation {
  /** Whether this speaks of a plan or of a call: they may run different algorithms. */
  readonly of: ExplanationSubject;
  /** The sizes of the convolution. */
  readonly shape: ConvolutionShape;
  /** The algorithm that runs. */
  readonly algorithm: AlgorithmName;
  /** Why it runs, in a sentence. */
  readonly why: string;
  /** The documented rules, each with the value that decided it. */
  readonly rules: readonly RuleResult[];
  /** The images that the figures of the candidates are of: the batch, or 1 in a batch-invariant context, which chooses as for one. */
  readonly images: number;
  /** Every algorithm as the choice saw it. */
  readonly candidates: readonly Candidate[];
  /** The greatest |w| and |b|, for which the limits of |x| hold; null where only shapes were given. */
  readonly weights: WeightSizes | null;

  /** @internal */
  constructor(of: ExplanationSubject, shape: ConvolutionShape, selection: Selection) {
    this.of = of;
    this.weights = selection.weights;
    this.shape = shape;
    this.algorithm = selection.algorithm.name;
    this.why = selection.why;
    this.rules = selection.rules;
    this.images = selection.images;
    this.candidates = selection.candidates;
  }

  /** The explanation as text: the shape, the rules, a table of the algorithms, and why one was chosen. */
  toString(): string {
    const { shape, images } = this;
    const outputs = images * shape.outputChannels * shape.outputHeight * shape.outputWidth;
    const isMeasured = this.candidates.some(({ measured }) => measured !== undefined);
    const rows = this.candidates.map(({ algorithm, refusal, work, cost, bound, inputLimit, measured }) => [
      algorithm === this.algorithm ? `→ ${algorithm}` : `  ${algorithm}`,
      work === null || work.tiles === 0 ? '' : `${work.tiles}`,
      work === null ? '' : (work.multiplyAdds / outputs).toFixed(0),
      cost === null ? '' : cost.run.toFixed(3),
      cost === null ? '' : cost.pack.toFixed(3),
      ...(isMeasured ? [measured?.run.toFixed(3) ?? ''] : []),
      work === null ? '' : kilobytes(work.workspaceBytes),
      work === null ? '' : kilobytes(work.packedBytes),
      bound === null ? '' : atLeast(bound.constant * EPSILON),
      inputLimit === undefined ? '' : atMost(inputLimit),
      refusal ?? 'eligible',
    ]);
    const times = ['run ms', 'pack ms', ...(isMeasured ? ['measured ms'] : [])];
    const limit = this.weights === null ? '|x| · |w| ≤' : '|x| ≤';
    const head = ['algorithm', 'tiles', 'mul/output', ...times, 'workspace kB', 'packed kB', 'error ≤', limit, ''];
    return [
      `convolution ${describeShape(shape)}`,
      rulesTable(this.rules),
      textTable([head, ...rows]),
      [SUBJECTS[this.of], ...(images === shape.batch ? [] : [ONE_IMAGE]), ...this.#limits()].join('\n'),
      `${this.algorithm}: ${this.why}`,
    ].join('\n\n');
  }

  /** What the columns of the error and of |x| mean for the algorithm chosen. */
  #limits(): string[] {
    const chosen = this.candidates.find(({ algorithm }) => algorithm === this.algorithm);
    if (chosen?.bound?.underflow === undefined) return [];
    const { constant, underflow } = chosen.bound;
    const [scale, inputs, weights, alone] = [
      constant * EPSILON,
      underflow.inputs * UNDERFLOW,
      underflow.weights * UNDERFLOW,
      underflow.alone * UNDERFLOW,
    ].map(atLeast);
    const beyond = this.weights === null ? 'the greatest |x| · |w|' : '|x|';
    const limit =
      chosen.inputLimit === undefined ? [] : [`Nothing overflows as long as ${beyond} ≤ ${atMost(chosen.inputLimit)}.`];
    return [
      `Error ≤ ${scale} · (|x| ∗ |w| + |b|) + ${inputs} · Σ|x| + ${weights} · Σ|w| + ${alone}; the last three for what underflows.`,
      ...limit,
    ];
  }
}

/** The rules of an operation applied to one call: pooling and fully-connected layers have nothing more to choose. */
export class RulesExplanation {
  /** Which layer this is of. */
  readonly operation: string;
  /** The documented rules, each with the value that decided it. */
  readonly rules: readonly RuleResult[];
  /** What runs. */
  readonly implementation: string;
  /** Why it runs, in a sentence. */
  readonly why: string;

  /** @internal */
  constructor(operation: string, rules: readonly RuleResult[], implementation: string, why: string) {
    this.operation = operation;
    this.rules = rules;
    this.implementation = implementation;
    this.why = why;
  }

  /** Whether every documented rule holds. */
  get eligible(): boolean {
    return this.rules.every((rule) => rule.passed);
  }

  /** The explanation as text: the rules, and which implementation runs. */
  toString(): string {
    return [this.operation, rulesTable(this.rules), `${this.implementation}: ${this.why}`].join('\n\n');
  }
}

/** `1×64×56×56 * 128×64×3×3 → 1×128×56×56, padding 1 1 1 1`, and what else is not 1. */
export function describeShape(shape: ConvolutionShape): string {
  const { batch, groups, inputChannels, outputChannels, strideHeight, strideWidth, dilationHeight, dilationWidth } =
    shape;
  const padding = [shape.paddingTop, shape.paddingRight, shape.paddingBottom, shape.paddingLeft];
  return [
    `${batch}×${inputChannels}×${shape.inputHeight}×${shape.inputWidth} * `,
    `${outputChannels}×${inputChannels / groups}×${shape.kernelHeight}×${shape.kernelWidth} → `,
    `${batch}×${outputChannels}×${shape.outputHeight}×${shape.outputWidth}`,
    padding.some((side) => side > 0) ? `, padding ${new Set(padding).size === 1 ? padding[0] : padding.join(' ')}` : '',
    strideHeight * strideWidth > 1 ? `, stride ${strideHeight}×${strideWidth}` : '',
    dilationHeight * dilationWidth > 1 ? `, dilation ${dilationHeight}×${dilationWidth}` : '',
    groups > 1 ? `, ${groups} groups` : '',
  ].join('');
}

function rulesTable(rules: readonly RuleResult[]): string {
  const rows = rules.map(({ condition, passed, value }) => [passed ? '  holds' : '  fails', condition, value]);
  return textTable([['documented', 'condition', 'here'], ...rows]);
}

function kilobytes(bytes: number): string {
  return (bytes / 1e3).toFixed(0);
}

/** Columns padded to their widest cell; the first row is the head. Numbers align to the right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        /^[\d.+-]+(e[+-]?\d+)?$/.test(cell) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd();
  return [line(rows[0]), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.slice(1).map(line)].join('\n');
}
