/**
 * Functions of two values, each under several names: of values of one shape, of values that are stretched to one, and of a
 * value and a number. Versions before 1.0 wrote `_sub`, and those before 0.9 `_Minus` and `_MinusScalar`.
 */
import type { Name } from '../../graph/values.ts';
import { isFloat, type Size, shapeText } from '../../graph/values.ts';
import { boolean, number, whole } from '../attributes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import type { Converter, Converters, SymbolReader } from './converter.ts';
import { numbersOf, truthOf } from './elementwise.ts';

type Combine = (builder: SymbolBuilder, a: Name, b: Name, y: Name) => void;

const simple =
  (op: 'sum' | 'subtraction' | 'multiplication' | 'division' | 'power' | 'maximum' | 'minimum'): Combine =>
  (builder, a, b, y) =>
    builder.emit(op, [a, b], {}, [y]);

/** 0 and 1 in the type of the inputs. */
const comparison =
  (op: 'equality' | 'greater' | 'greater-or-equal' | 'less' | 'less-or-equal', isNot = false): Combine =>
  (builder, a, b, y) => {
    const truth = builder.value(op, [a, b], {}, `${y}.truth`);
    const made = isNot ? builder.value('not', [truth], {}, `${y}.not`) : truth;
    numbersOf(builder, made, builder.dtypeOf(a), y);
  };

const logic =
  (op: 'and' | 'or' | 'exclusive-or'): Combine =>
  (builder, a, b, y) => {
    const truth = builder.value(op, [truthOf(builder, a), truthOf(builder, b)], {}, `${y}.truth`);
    numbersOf(builder, truth, builder.dtypeOf(a), y);
  };

/** With the sign of the divisor; by 0 it is 0. */
const modulo: Combine = (builder, a, b, y) => {
  const rest = builder.value('modulo', [a, b], {}, `${y}.rest`);
  const zero = builder.scalar(0, a);
  const isNone = builder.value('equality', [b, zero], {}, `${y}.none`);
  builder.emit('selection', [isNone, zero, rest], {}, [y]);
};

const hypotenuse: Combine = (builder, a, b, y) => {
  const squares = [a, b].map((x) => builder.value('multiplication', [x, x], {}, `${y}.square`));
  builder.emit('square-root', [builder.value('sum', squares, {}, `${y}.sum`)], {}, [y]);
};

interface Function2 {
  readonly combine: Combine;
  /** Names for values of one shape. */
  readonly elementwise: readonly string[];
  /** Behind `broadcast_`. */
  readonly broadcast: readonly string[];
  /** Before `_scalar`, and in camel case before `Scalar`; with the number on the left they begin with `r`. */
  readonly scalar: string;
  readonly isReversible?: true;
}

const comparisonOf = (name: string, combine: Combine): Function2 => ({
  combine,
  elementwise: [`_${name}`, `_${name.replace(/(^|_)[a-z]/g, (letters) => letters.toUpperCase())}`],
  broadcast: [name],
  scalar: name,
});

const FUNCTIONS: readonly Function2[] = [
  {
    combine: simple('sum'),
    elementwise: ['elemwise_add', '_Plus', '_plus', '_add', '_grad_add'],
    broadcast: ['add', 'plus'],
    scalar: 'plus',
  },
  {
    combine: simple('subtraction'),
    elementwise: ['elemwise_sub', '_Minus', '_minus', '_sub'],
    broadcast: ['sub', 'minus'],
    scalar: 'minus',
    isReversible: true,
  },
  {
    combine: simple('multiplication'),
    elementwise: ['elemwise_mul', '_Mul', '_mul'],
    broadcast: ['mul'],
    scalar: 'mul',
  },
  {
    combine: simple('division'),
    elementwise: ['elemwise_div', '_Div', '_div'],
    broadcast: ['div'],
    scalar: 'div',
    isReversible: true,
  },
  { combine: modulo, elementwise: ['_Mod', '_mod'], broadcast: ['mod'], scalar: 'mod', isReversible: true },
  {
    combine: simple('power'),
    elementwise: ['_Power', '_power', 'pow'],
    broadcast: ['power'],
    scalar: 'power',
    isReversible: true,
  },
  {
    combine: simple('maximum'),
    elementwise: ['_Maximum', '_maximum'],
    broadcast: ['maximum'],
    scalar: 'maximum',
  },
  {
    combine: simple('minimum'),
    elementwise: ['_Minimum', '_minimum'],
    broadcast: ['minimum'],
    scalar: 'minimum',
  },
  { combine: hypotenuse, elementwise: ['_Hypot', '_hypot'], broadcast: ['hypot'], scalar: 'hypot' },
  comparisonOf('equal', comparison('equality')),
  comparisonOf('not_equal', comparison('equality', true)),
  comparisonOf('greater', comparison('greater')),
  comparisonOf('greater_equal', comparison('greater-or-equal')),
  comparisonOf('lesser', comparison('less')),
  comparisonOf('lesser_equal', comparison('less-or-equal')),
  comparisonOf('logical_and', logic('and')),
  comparisonOf('logical_or', logic('or')),
  comparisonOf('logical_xor', logic('exclusive-or')),
];

const camel = (name: string): string => name.replace(/(^|_)([a-z])/g, (_all, _mark, letter) => letter.toUpperCase());

function namesOf({ combine, elementwise, broadcast, scalar, isReversible }: Function2): [string, Converter][] {
  const reversed = (builder: SymbolBuilder, a: Name, b: Name, y: Name) => combine(builder, b, a, y);
  const pairs: [string, Converter][] = [
    ...elementwise.map((name): [string, Converter] => [name, ofOneShape(combine)]),
    ...broadcast.map((name): [string, Converter] => [`broadcast_${name}`, ofTwo(combine)]),
    [`_${scalar}_scalar`, withNumber(combine)],
    [`_${camel(scalar)}Scalar`, withNumber(combine)],
  ];
  if (!isReversible) return pairs;
  return [...pairs, [`_r${scalar}_scalar`, withNumber(reversed)], [`_R${camel(scalar)}Scalar`, withNumber(reversed)]];
}

export const ARITHMETIC: Converters = {
  ...Object.fromEntries(FUNCTIONS.flatMap(namesOf)),
  add_n: addAll,
  ElementWiseSum: addAll,
};

function ofTwo(combine: Combine): Converter {
  return (node, builder) => {
    node.read({});
    combine(builder, node.input(0), node.input(1), node.first);
  };
}

function ofOneShape(combine: Combine): Converter {
  return (node, builder) => {
    expectOneShape(node, builder, [node.input(0), node.input(1)]);
    ofTwo(combine)(node, builder);
  };
}

/** @throws NnpackError for shapes that would be stretched */
export function expectOneShape(node: SymbolReader, builder: SymbolBuilder, names: readonly Name[]): void {
  const [first, ...others] = names.map((name) => builder.shapeOf(name));
  const isSame = (a: Size, b: Size) => typeof a === 'string' || typeof b === 'string' || a === b;
  for (const other of others) {
    if (other.length === first.length && other.every((size, axis) => isSame(size, first[axis]))) continue;
    const text = `its inputs are ${shapeText(first)} and ${shapeText(other)}, expected one shape`;
    node.invalid(text, other.length === first.length ? 'invalid-input-size' : 'invalid-rank');
  }
}

/** A number is cut to a whole one beside whole numbers. */
function withNumber(combine: Combine): Converter {
  return (node, builder) => {
    const { scalar } = node.read({ scalar: number(), is_int: boolean({ absent: true }) });
    const x = node.input(0);
    const isReal = isFloat(builder.dtypeOf(x));
    combine(builder, x, builder.scalar(isReal ? scalar : Math.trunc(scalar), x), node.first);
  };
}

function addAll(node: SymbolReader, builder: SymbolBuilder): void {
  node.read({ num_args: whole({ least: 1, absent: 1 }) });
  expectOneShape(node, builder, [node.input(0), ...node.inputs.slice(1)]);
  builder.emit('sum', node.inputs, {}, [node.first]);
}
