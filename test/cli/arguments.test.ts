import { describe, expect, it } from 'vitest';
import {
  fail,
  listOf,
  oneOf,
  parseArguments,
  positive,
  readOneOf,
  readSizes,
  readWhole,
  whole,
} from '../../src/cli/arguments.ts';
import { type Command, type Given, helpOf, lineOn } from '../../src/cli/command.ts';
import { NnpackError } from '../../src/errors.ts';

const command: Command = {
  name: 'try',
  summary: 'Tries.',
  positionals: { '[picture]': 'what goes in' },
  most: 1,
  options: {
    out: { value: 'FILE', help: 'where to' },
    threads: { value: 'N', help: `how many threads${' and more'.repeat(10)}` },
    json: { help: 'for machines' },
    in: { value: 'FILE', help: 'one of several', repeats: true },
  },
  examples: [['nnpack-ts try a.png', 'tries a picture']],
  run: async () => {},
};
const parse = (line: string) => parseArguments(command, line.split(' ').filter(Boolean));
const given = (options: Record<string, string>): Given => ({
  positionals: [],
  options: new Map(Object.entries(options)),
});
const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(NnpackError);
    expect((error as NnpackError).code).toBe('invalid-argument');
    return (error as Error).message;
  }
  return 'nothing was thrown';
};

describe('parseArguments', () => {
  it('reads positionals, options and flags', () => {
    expect(parse('')).toEqual({ positionals: [], options: new Map() });
    const line = 'in.png --out=--strange.png --threads 2 --json';
    const options = { out: '--strange.png', threads: '2', json: '' };
    expect(parse(line)).toEqual({ positionals: ['in.png'], options: new Map(Object.entries(options)) });
    expect(parse('-- --picture.png')?.positionals).toEqual(['--picture.png']);
  });

  it('keeps every value of an option that may stand several times, and the last of others', () => {
    expect(parse('--in a --out x --in b=c --out y')).toEqual({
      positionals: [],
      options: new Map(Object.entries({ in: 'b=c', out: 'y' })),
      repeated: new Map([['in', ['a', 'b=c']]]),
    });
  });

  it.each(['--help', '-h', 'a.png --json -h'])('sees that %s asks for help', (line) => {
    expect(parse(line)).toBeNull();
  });

  it.each([
    ['a.png b.png', "expected at most 1 besides the options, got 'a.png', 'b.png'"],
    ['--thread 2', "unknown option '--thread', did you mean '--threads'?"],
    ['--xyzzyplugh', "unknown option '--xyzzyplugh'"],
    ['-x', "unknown option '-x'"],
    ['--out', '--out expected a value, got none'],
    ['--out=', '--out expected a value, got none'],
    ['--out --json', "--out expected a value, got the option '--json'"],
    ['--json=yes', "--json expected no value, got 'yes'"],
  ])('refuses %s in one line', (line, text) => {
    expect(messageOf(() => parse(line))).toBe(`arguments: ${text}`);
  });

  it('takes no positionals where a command names none', () => {
    const message = messageOf(() => parseArguments({ options: {} }, ['x']));
    expect(message).toBe("arguments: expected options only, got 'x'");
  });
});

describe('readers', () => {
  it('give what was meant, or undefined', () => {
    const some = given({ n: '12', x: '0.5', name: 'b', list: '4, 2,4' });
    expect(whole(some, 'n')).toBe(12);
    expect(positive(some, 'x')).toBe(0.5);
    expect(positive(given({ e: '2.5e-5' }), 'e')).toBe(2.5e-5);
    expect(whole(given({ n: '1e3' }), 'n')).toBe(1000);
    expect(oneOf(some, 'name', ['a', 'b'])).toBe('b');
    expect(listOf(some, 'list', readWhole)).toEqual([4, 2]);
    for (const read of [whole, positive]) expect(read(some, 'none')).toBeUndefined();
    expect(oneOf(some, 'none', ['a'])).toBeUndefined();
    expect(listOf(some, 'none', readOneOf(['a']))).toBeUndefined();
  });

  it.each(['0', '-1', 'two', '1e', 'e3', '1e400', '1e-400', '', 'NaN', 'Infinity', '0x10'])(
    'refuse %j as a number',
    (text) => {
      expect(messageOf(() => positive(given({ n: text }), 'n'))).toContain('--n expected a number above 0, got');
      expect(messageOf(() => whole(given({ n: text }), 'n'))).toContain('--n expected a whole number above 0, got');
    },
  );

  it('give sizes joined by x or ×', () => {
    expect(readSizes('64x56×7', '--n')).toEqual([64, 56, 7]);
    expect(readSizes('224', '--n')).toEqual([224]);
    for (const text of ['', '3x', 'x3', '3x0', '3*4']) {
      expect(messageOf(() => readSizes(text, '--n'))).toContain('--n expected a whole number above 0, got');
    }
  });

  it('refuse what is not in a list of names, and say what is near', () => {
    expect(messageOf(() => whole(given({ n: '1.5' }), 'n'))).toBe(
      "arguments: --n expected a whole number above 0, got '1.5'",
    );
    const message = messageOf(() => oneOf(given({ kind: 'wt8' }), 'kind', ['wt8x8', 'direct']));
    expect(message).toBe("arguments: --kind expected one of wt8x8, direct, got 'wt8', did you mean 'wt8x8'?");
    expect(messageOf(() => listOf(given({ batch: '1,,2' }), 'batch', readWhole))).toContain("got ''");
    expect(messageOf(() => fail('no'))).toBe('arguments: no');
  });
});

describe('helpOf', () => {
  it('tells of every option and example', () => {
    expect(helpOf(command)).toBe(
      [
        'Tries.',
        '',
        'Usage: nnpack-ts try [picture] [options]',
        '',
        'Arguments:',
        '  [picture]    what goes in',
        '',
        'Options:',
        '  --out FILE   where to',
        '  --threads N  how many threads and more and more and more and more and more and more and more and',
        '               more and more and more',
        '  --json       for machines',
        '  --in FILE    one of several',
        '  --help       print this',
        '',
        'Examples:',
        '  # tries a picture',
        '  nnpack-ts try a.png',
      ].join('\n'),
    );
  });

  it('fits the terminal, from 60 columns on: texts go below their names where little is left beside them', () => {
    expect([undefined, 20, 60, 80, 200].map(lineOn)).toEqual([100, 60, 60, 80, 100]);
    const lines = helpOf(command, lineOn(60)).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines).toContain('  --threads N  how many threads and more and more and more');
    const narrow = helpOf(
      { ...command, options: { 'a-rather-long-option': { value: 'NAME', help: 'what it is' } } },
      60,
    );
    expect(narrow).toContain('  --a-rather-long-option NAME\n      what it is\n');
  });
});
