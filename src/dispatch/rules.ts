/**
 * The documented conditions under which MXNet handed an operator to NNPACK, as data. A call that fails one runs on the
 * default implementation, with the same result. A network that asks for `eligibility: 'documented'` is held to exactly
 * these.
 */
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';

/** One condition: its text as documented, whether it holds, and the value that decided it. */
export interface DocumentedRule<Subject> {
  readonly condition: string;
  holds(subject: Subject): boolean;
  value(subject: Subject): string;
}

/** A rule applied to one call. */
export interface RuleResult {
  readonly condition: string;
  readonly passed: boolean;
  readonly value: string;
}

export interface ConvolutionSubject {
  readonly shape: ConvolutionShape;
  readonly hasBias: boolean;
}

export interface PoolingSubject {
  readonly type: 'max' | 'average';
  readonly poolHeight: number;
  readonly poolWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly convention: 'valid' | 'full' | 'same';
}

export interface FullyConnectedSubject {
  readonly batch: number;
}

export const CONVOLUTION_RULES: readonly DocumentedRule<ConvolutionSubject>[] = [
  {
    condition: '2-D',
    holds: ({ shape }) => shape.inputHeight > 1 || shape.kernelHeight > 1 || shape.inputWidth === 1,
    value: ({ shape }) =>
      `input ${shape.inputHeight}×${shape.inputWidth}, kernel ${shape.kernelHeight}×${shape.kernelWidth}`,
  },
  {
    condition: 'no-bias = false',
    holds: ({ hasBias }) => hasBias,
    value: ({ hasBias }) => (hasBias ? 'bias' : 'no bias'),
  },
  {
    condition: 'dilate = (1,1)',
    holds: ({ shape }) => shape.dilationHeight === 1 && shape.dilationWidth === 1,
    value: ({ shape }) => `(${shape.dilationHeight},${shape.dilationWidth})`,
  },
  { condition: 'num_group = 1', holds: ({ shape }) => shape.groups === 1, value: ({ shape }) => `${shape.groups}` },
  {
    condition: 'batch = 1, or batch > 1 and stride = (1,1)',
    holds: ({ shape }) => shape.batch === 1 || (shape.strideHeight === 1 && shape.strideWidth === 1),
    value: ({ shape }) => `batch ${shape.batch}, stride (${shape.strideHeight},${shape.strideWidth})`,
  },
];

export const POOLING_RULES: readonly DocumentedRule<PoolingSubject>[] = [
  { condition: 'max pooling', holds: ({ type }) => type === 'max', value: ({ type }) => type },
  {
    condition: 'kernel = (2,2)',
    holds: ({ poolHeight, poolWidth }) => poolHeight === 2 && poolWidth === 2,
    value: ({ poolHeight, poolWidth }) => `(${poolHeight},${poolWidth})`,
  },
  {
    condition: 'stride = (2,2)',
    holds: ({ strideHeight, strideWidth }) => strideHeight === 2 && strideWidth === 2,
    value: ({ strideHeight, strideWidth }) => `(${strideHeight},${strideWidth})`,
  },
  {
    condition: 'pooling_convention = full',
    holds: ({ convention }) => convention === 'full',
    value: ({ convention }) => convention,
  },
];

export const FULLY_CONNECTED_RULES: readonly DocumentedRule<FullyConnectedSubject>[] = [
  {
    condition: 'batch = 2ⁿ',
    holds: ({ batch }) => Number.isInteger(Math.log2(batch)),
    value: ({ batch }) => `${batch}`,
  },
];

export function applyRules<Subject>(rules: readonly DocumentedRule<Subject>[], subject: Subject): RuleResult[] {
  return rules.map((rule) => ({
    condition: rule.condition,
    passed: rule.holds(subject),
    value: rule.value(subject),
  }));
}
