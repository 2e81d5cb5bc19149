/** Texts of errors: short whatever they show, and never an error of their own. And how options are read. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFloat32Array, ownFloats, ownHalves } from '../src/check/arrays.ts';
import { type FieldsOf, readFields, readOptions, textOf } from '../src/check/options.ts';
import { didYouMean, NnpackError, show } from '../src/errors.ts';
import { convolutionInference, decodeHalves, encodeHalves, Measurements, maxPoolingOutput } from '../src/index.ts';
import { buildNetwork } from '../src/networks/index.ts';
import { failure } from './support/failure.ts';
import { runs } from './support/runs.ts';
import { tensor } from './support/tensors.ts';
import { foreignFloats, ofAnotherRealm, VALUE_NAMES, VALUES } from './support/values.ts';

describe('show', () => {
  it.each([
    [5n, '5n'],
    [-(2n ** 64n), '-18446744073709551616n'],
    [10n ** 1_000_000n, 'a bigint of more than 128 bits'],
    [-0, '-0'],
    [0, '0'],
    [1e300, '1e+300'],
    ['relu', "'relu'"],
    [`${'x'.repeat(21)}${'y'.repeat(20)}`, `'${'x'.repeat(20)}…${'y'.repeat(20)}'`],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('a'), 'a symbol'],
    [() => 1, 'a function'],
    [[1, [2], 3n, undefined, 'a', -0, 7], "[1, an array, 3n, undefined, 'a', -0, …]"],
    [new Array(2 ** 32 - 1), '[undefined, undefined, undefined, undefined, undefined, undefined, …]'],
    [[], '[]'],
    [{}, 'an object of Object'],
    [Object.create(null), 'an object of no class'],
    [Object.create({ constructor: { name: 5 } }), 'an object of no class'],
    [Object.create({ constructor: { name: 'N'.repeat(1000) } }), `an object of ${'N'.repeat(20)}…${'N'.repeat(20)}`],
    [new Float32Array(3), 'an object of Float32Array'],
    [Object.create({ constructor: { name: Symbol() } }), 'an object of no class'],
  ])('case %#', (value, text) => {
    expect(show(value)).toBe(text);
  });

  it.each(['revoked object', 'revoked array', 'proxy of an object', 'class name that throws'] as const)(
    'says that %s cannot be read',
    (name) => {
      expect(show(VALUES[name]())).toBe('an object that cannot be read');
      expect(show([VALUES[name](), 1])).toBe('[an object that cannot be read, 1]');
    },
  );

  it.each(VALUE_NAMES)('of %s is a short text, and so is what it says when thrown', (name) => {
    expect(show(VALUES[name]()).length).toBeLessThan(320);
    expect(textOf(VALUES[name]()).length).toBeLessThan(320);
  });
});

describe('didYouMean', () => {
  it('suggests the nearest, and nothing for what is far from all', () => {
    expect(didYouMean('paddng', ['stride', 'padding'])).toBe(", did you mean 'padding'?");
    expect(didYouMean('PADDING', ['padding'])).toBe(", did you mean 'padding'?");
    expect(didYouMean('qqqqqqqq', ['stride', 'padding'])).toBe('');
  });

  it('of a text of megabytes is nothing, without a comparison of its letters', () => {
    const long = 'padding'.repeat(2_000_000);
    expect(didYouMean(long, ['padding', long])).toBe('');
    // A table of these two texts would have 98 million cells.
    expect(didYouMean('padding', [long])).toBe('');
  });

  it('suggests what a comparison of every letter suggests', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(word, fc.array(word, { maxLength: 5 }), (name, words) => {
        const distances = words.map((other) => distance(name, other));
        const least = Math.min(...distances);
        const isNear = least <= Math.max(2, Math.floor(name.length / 2)) && words[distances.indexOf(least)] !== '';
        expect(didYouMean(name, words)).toBe(isNear ? `, did you mean '${words[distances.indexOf(least)]}'?` : '');
      }),
      { numRuns: runs(300) },
    );
  });

  /** Levenshtein's, by its definition. */
  function distance(a: string, b: string): number {
    if (a === '' || b === '') return a.length + b.length;
    const rest = distance(a.slice(1), b.slice(1));
    if (a[0] === b[0]) return rest;
    return 1 + Math.min(rest, distance(a.slice(1), b), distance(a, b.slice(1)));
  }
});

interface Options {
  readonly input: unknown;
  readonly padding?: unknown;
}

describe('readOptions', () => {
  const fields: FieldsOf<Options> = { input: true, padding: true };
  const read = (options: unknown) => readOptions<Options>('layer', options, fields);

  it('reads every field once, of prototypes too', () => {
    let reads = 0;
    class Given {
      get input() {
        return ++reads;
      }
    }
    const given = read(new Given());
    expect([given.input, given.input, reads]).toEqual([1, 1, 1]);
    expect(read({ input: 1, padding: undefined, other: undefined })).toEqual({ input: 1 });
  });

  it.each([
    [{ input: 1, paddng: 2 }, "layer: options have an unknown field 'paddng', did you mean 'padding'?"],
    [{ qqqqqqqq: 2 }, "layer: options have an unknown field 'qqqqqqqq', expected one of input, padding"],
    [JSON.parse('{"__proto__": 1}'), /^layer: options have an unknown field '__proto__'/],
    [undefined, 'layer: options are undefined, expected an object'],
    [[1], 'layer: options are [1], expected an object'],
    [new Float32Array(2), 'layer: options are an object of Float32Array, expected an object'],
  ])('refuses case %#', (options, text) => {
    const error = failure(() => read(options));
    expect(error.code).toBe('invalid-argument');
    if (typeof text === 'string') expect(error.message).toBe(text);
    else expect(error.message).toMatch(text);
  });

  it.each([
    ['throwing getters', 'a getter'],
    ['proxy of an object', 'a trap'],
    ['revoked object', "Cannot perform 'get' on a proxy that has been revoked"],
    ['revoked array', "Cannot perform 'get' on a proxy that has been revoked"],
    ['getters that throw nothing', 'undefined'],
    ['getters that throw a symbol', 'Symbol(thrown)'],
    ['getters that throw a revoked proxy', 'something without a text was thrown'],
    ['getters that throw an error without a text', 'something without a text was thrown'],
  ] as const)('refuses %s, and says what was thrown', (name, text) => {
    expect(failure(() => read(VALUES[name]())).message).toBe(`layer: options cannot be read: ${text}`);
  });

  it('gives the code of the argument, and keeps what was thrown as the cause', () => {
    const cause = new Error('theirs');
    const given = Object.defineProperty({}, 'top', {
      get() {
        throw cause;
      },
    });
    const error = failure(() => readFields('layer', 'padding', given, { top: true }, 'invalid-input-padding'));
    expect([error.code, error.message, error.cause]).toEqual([
      'invalid-input-padding',
      'layer: padding cannot be read: theirs',
      cause,
    ]);
  });
});

describe('a mistyped option', () => {
  const convolution = { input: tensor([1, 2, 5, 5]), kernel: tensor([3, 2, 3, 3]) };

  it.each([
    [{ paddng: 1 }, 'invalid-argument', "options have an unknown field 'paddng', did you mean 'padding'?"],
    [{ padding: { tpo: 1 } }, 'invalid-input-padding', "padding has an unknown field 'tpo', did you mean 'top'?"],
    [
      { stride: { hight: 1, width: 1 } },
      'invalid-stride',
      "stride has an unknown field 'hight', did you mean 'height'?",
    ],
    [
      { activation: { type: 'leaky', slop: 1 } },
      'invalid-activation',
      "activation has an unknown field 'slop', did you mean 'slope'?",
    ],
    [
      { activation: { type: 'leaky', slope: 1, max: 6 } },
      'invalid-activation-parameters',
      "activation of type 'leaky' has min or max, expected slope alone",
    ],
    [
      { activation: { type: 'clamp', slope: 1, min: 0, max: 6 } },
      'invalid-activation-parameters',
      "activation of type 'clamp' has a slope, expected min and max alone",
    ],
    [{ groups: 2n }, 'invalid-groups', 'groups is 2n, expected a whole number of at least 1'],
    [{ groups: null }, 'invalid-groups', 'groups is null, expected a whole number of at least 1'],
  ])('%# is refused with what was meant', (options, code, text) => {
    const error = failure(() => convolutionInference({ ...convolution, ...options } as never));
    expect([error.code, error.message]).toEqual([code, `convolutionInference: ${text}`]);
  });

  it('of a pooling and of a network is', () => {
    const pooling = { input: tensor([1, 1, 4, 4]), poolSize: 2 };
    expect(failure(() => maxPoolingOutput(pooling as never)).message).toBe(
      "maxPoolingOutput: options have an unknown field 'poolSize', did you mean 'poolingSize'?",
    );
    expect(failure(() => buildNetwork('alexnet', { widht: 0.5 } as never)).message).toBe(
      "buildNetwork: options have an unknown field 'widht', did you mean 'width'?",
    );
  });
});

describe('a getter', () => {
  it('that answers differently the second time changes nothing', () => {
    const answers =
      <T>(...values: T[]) =>
      () =>
        (values.length > 1 ? values.shift() : values[0]) as T;
    const given = (fields: Record<string, () => unknown>) =>
      Object.defineProperties(
        {},
        Object.fromEntries(Object.entries(fields).map(([name, get]) => [name, { get, enumerable: true }])),
      );
    const [input, kernel] = [tensor([1, 2, 5, 5]), tensor([3, 2, 3, 3])];
    const expected = convolutionInference({ input, kernel, padding: 1, activation: { type: 'leaky', slope: 0.5 } });
    const options = given({
      input: answers<unknown>(
        given({ shape: answers([1, 2, 5, 5], [9, 9, 9, 9]), data: answers(input.data, null) }),
        0,
      ),
      kernel: answers<unknown>(kernel, null),
      padding: answers<unknown>(
        given({ top: answers(1, 99), left: answers(1, 99), right: () => 1, bottom: () => 1 }),
        5,
      ),
      activation: answers<unknown>(given({ type: answers('leaky', 'clamp'), slope: answers(0.5, -1) }), 'none'),
    });
    expect(convolutionInference(options as never).data).toEqual(expected.data);
  });
});

describe('encodeHalves and decodeHalves', () => {
  it.each([
    [undefined, 'binary16', 'invalid-tensor-type', 'encodeHalves: x is undefined, expected a Float32Array'],
    [[1], 'binary16', 'invalid-tensor-type', 'encodeHalves: x is [1], expected a Float32Array'],
    [new Float64Array(1), 'binary16', 'invalid-tensor-type', /x is an object of Float64Array/],
    [
      new Float32Array(1),
      'binary61',
      'invalid-argument',
      "encodeHalves: form is 'binary61', expected one of binary16, alternative, did you mean 'binary16'?",
    ],
    [new Float32Array(1), undefined, 'invalid-argument', /form is undefined/],
    [
      Float32Array.of(1, Number.NaN),
      'alternative',
      'invalid-argument',
      "encodeHalves: x[1] is NaN, expected a number (form 'alternative' has no NaN)",
    ],
  ])('refuse case %#', (x, form, code, text) => {
    const error = failure(() => encodeHalves(x as never, form as never));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
  });

  it('refuse codes that are none', () => {
    expect(failure(() => decodeHalves(new Uint8Array(2) as never, 'binary16')).message).toBe(
      'decodeHalves: codes are an object of Uint8Array, expected a Uint16Array',
    );
    expect(failure(() => decodeHalves(new Uint16Array(2), '' as never)).message).toMatch(/form is ''/);
  });

  it('read arrays of another realm', () => {
    expect(encodeHalves(foreignFloats([1, -2]), 'binary16')).toEqual(Uint16Array.of(0x3c00, 0xc000));
    const codes = ofAnotherRealm<Uint16Array>('new Uint16Array([0x3c00, 0xc000])');
    expect(decodeHalves(codes, 'binary16')).toEqual(Float32Array.of(1, -2));
  });
});

describe('typed arrays', () => {
  it('are told by what they are', () => {
    expect(isFloat32Array(foreignFloats([1]))).toBe(true);
    expect(isFloat32Array(new Proxy(new Float32Array(1), {}))).toBe(false);
    expect(isFloat32Array({ [Symbol.toStringTag]: 'Float32Array' })).toBe(false);
  });

  it('of another realm or of a subclass become views of ours over the same bytes', () => {
    class Vector extends Float32Array {
      constructor() {
        super(3);
      }
    }
    for (const given of [foreignFloats([1, 2, 3]), new Vector()]) {
      const view = ownFloats(given);
      expect([Object.getPrototypeOf(view) === Float32Array.prototype, view.length]).toEqual([true, 3]);
      view[1] = 7;
      expect(given[1]).toBe(7);
    }
    const own = new Float32Array(3);
    expect(ownFloats(own)).toBe(own);
    const halves = new Uint16Array(3);
    expect(ownHalves(halves)).toBe(halves);
  });
});

it('Measurements.load says what it was given', () => {
  const error = failure(() => Measurements.load(5n as never));
  expect([error.code, error.message]).toEqual([
    'invalid-argument',
    'Measurements.load: the text is 5n, expected a string',
  ]);
  expect(error).toBeInstanceOf(NnpackError);
});
