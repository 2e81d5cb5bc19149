import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import {
  boolean,
  type Field,
  number,
  oneOf,
  orNone,
  readAttributes,
  text,
  tuple,
  whole,
} from '../../src/mxnet/attributes.ts';

const WHO = "node 'n' (Op)";

function read<T>(field: Field<T>, written: string): T {
  return readAttributes(WHO, new Map([['x', written]]), { x: field }).x as T;
}

function messageOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(NnpackError);
    expect((error as NnpackError).code).toBe('invalid-model');
    return (error as NnpackError).message;
  }
  return expect.unreachable('expected an error');
}

describe('attributes', () => {
  it.each<[string, Field<unknown>, [text: string, value: unknown][], string[]]>([
    [
      'a whole number',
      whole(),
      [
        ['3', 3],
        ['-1', -1],
        ['+2', 2],
        [' 7 ', 7],
        ['007', 7],
        ['2147483647', 2 ** 31 - 1],
      ],
      ['2L', '2.0', '', ' ', '1e3', '0x10', '1 2', 'None', 'True', '(3)', '2147483648', '-2147483649', '９'],
    ],
    ['a whole number of at least 1', whole({ least: 1 }), [['1', 1]], ['0', '-3']],
    ['a whole number from 0 to 4', whole({ least: 0, most: 4 }), [['4', 4]], ['5', '-1']],
    [
      'a number',
      number(),
      [
        ['0.9', 0.9],
        ['1e-05', 1e-5],
        ['2', 2],
        ['2.', 2],
        ['.5', 0.5],
        ['-1E3', -1000],
        ['1f', 1],
        ['inf', Number.POSITIVE_INFINITY],
        ['-Infinity', Number.NEGATIVE_INFINITY],
        ['nan', Number.NaN],
      ],
      ['', '.', '1L', 'e5', '1e', '1e400', '0x1', 'None', '1,5', '--1', 'infi', 'NaNs'],
    ],
    [
      'True or False',
      boolean(),
      [
        ['True', true],
        ['TRUE', true],
        ['true', true],
        ['1', true],
        ['False', false],
        ['false', false],
        ['0', false],
      ],
      ['', 'yes', '2', ' True', 'T', 'None', 'constructor'],
    ],
    [
      'a tuple, each element a whole number',
      tuple(whole()),
      [
        ['(3, 3)', [3, 3]],
        ['(3L, 3)', [3, 3]],
        ['(3L,)', [3]],
        ['[3,3]', [3, 3]],
        ['(3,)', [3]],
        ['(3)', [3]],
        ['3', [3]],
        ['-1', [-1]],
        ['()', []],
        ['[ ]', []],
        [' ( 1 , -2 , ) ', [1, -2]],
      ],
      [
        '',
        '(',
        ')',
        '(,)',
        '(3,,3)',
        '(3 3)',
        '(3, 3',
        '3, 3',
        '3L',
        '(2.0, 2)',
        'None',
        '(None,)',
        '((1, 2))',
        '(3LL,)',
        '{3}',
      ],
    ],
    ['a tuple, each element a number', tuple(number()), [['(0.1, 2,1e-3)', [0.1, 2, 1e-3]]], ['(0.1L,)', '0.1,0.2']],
    [
      'a whole number, or None',
      orNone(whole()),
      [
        ['None', null],
        ['1', 1],
        ['1L', 1],
      ],
      ['none', 'Nones', '', '1LL', '1.5'],
    ],
    [
      'a tuple, each element a whole number, or None',
      tuple(orNone(whole())),
      [['(None, 1, 2L)', [null, 1, 2]]],
      ['(none,)', 'None'],
    ],
    ['one of max, avg, sum', oneOf(['max', 'avg', 'sum']), [['avg', 'avg']], ['Max!!!!!!', '0', '']],
  ])('are read as %s', (expected, field, good, bad) => {
    for (const [written, value] of good) expect(read(field, written), written).toEqual(value);
    for (const written of bad) {
      expect(messageOf(() => read(field, written))).toBe(`${WHO}: x is '${written}', expected ${expected}`);
    }
  });

  it('may be any text, and names have a hint', () => {
    expect(read(text(), ' (')).toBe(' (');
    expect(messageOf(() => read(oneOf(['valid', 'full']), 'ful'))).toBe(
      `${WHO}: x is 'ful', expected one of valid, full, did you mean 'full'?`,
    );
    expect(messageOf(() => read(orNone(oneOf(['NCHW'])), 'nchw'))).toMatch(/or None, did you mean 'NCHW'\?$/);
  });

  it('have the values that are told where they are not written', () => {
    const fields = {
      a: whole({ absent: 1 }),
      b: boolean({ absent: false }),
      c: tuple(whole(), { absent: [] }),
      d: orNone(number()),
      e: oneOf(['x', 'y'], { absent: 'y' }),
      f: number({ absent: 0 }),
      g: orNone(whole(), { absent: 4 }),
    };
    expect(readAttributes(WHO, new Map(), fields)).toEqual({ a: 1, b: false, c: [], d: null, e: 'y', f: 0, g: 4 });
    expect(messageOf(() => readAttributes(WHO, new Map(), { a: whole({ least: 1 }) }))).toBe(
      `${WHO}: a is missing, expected a whole number of at least 1`,
    );
  });

  it('are refused where the operator has none of the name, but for those of tools', () => {
    const fields = { kernel: tuple(whole(), { absent: [] }), stride: tuple(whole(), { absent: [] }) };
    const of = (name: string) => readAttributes(WHO, new Map([[name, '1']]), fields);
    const expected = 'expected one of kernel, stride';
    expect(messageOf(() => of('kernal'))).toBe(
      `${WHO}: has an unknown attribute 'kernal', ${expected}, did you mean 'kernel'?`,
    );
    for (const name of ['constructor', 'toString', '', '_kernel__x_y_z']) {
      expect(messageOf(() => of(name))).toMatch(`${WHO}: has an unknown attribute '${name}', ${expected}`);
    }
    expect(messageOf(() => readAttributes(WHO, new Map([['a', '1']]), {}))).toBe(
      `${WHO}: has an unknown attribute 'a', expected none`,
    );
    for (const name of [
      '__lr_mult__',
      '__init__',
      '__proto__',
      'ctx_group',
      'lr_mult',
      'weight_lr_mult',
      'mirror_stage',
    ]) {
      expect(of(name), name).toEqual({ kernel: [], stride: [] });
    }
  });

  it('of any length take no more than their length to refuse', () => {
    const long = 2 ** 20;
    for (const written of ['1'.repeat(long), ' '.repeat(long), `(${'1,'.repeat(long)}`, `${'9'.repeat(long)}x`]) {
      for (const field of [whole(), number(), tuple(number()), boolean(), oneOf(['a'])] as Field<unknown>[]) {
        expect(messageOf(() => read(field, written)).length).toBeLessThan(200);
      }
    }
  });
});
