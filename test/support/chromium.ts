/** A page in headless Chromium, looked at through its pipe of the DevTools protocol. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The command that starts Chromium here; null where none is installed. */
export function chromium(): string | null {
  return NAMES.find((name) => spawnSync(name, ['--version']).status === 0) ?? null;
}

interface Answer {
  readonly id?: number;
  readonly result?: { readonly targetId?: string; readonly sessionId?: string; readonly result?: { value?: unknown } };
  readonly error?: { readonly message: string };
}

/** What an expression of a page gives once it is no longer null. */
export async function valueInPage(browser: string, url: string, expression: string): Promise<unknown> {
  const profile = mkdtempSync(join(tmpdir(), 'nnpack-ts-chromium-'));
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    `--user-data-dir=${profile}`,
    '--remote-debugging-pipe',
  ];
  const child = spawn(browser, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    const send = protocol(child.stdio[3] as Writable, child.stdio[4] as Readable, ended);
    const { targetId } = await send('Target.createTarget', { url });
    const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
    for (;;) {
      const value = await send('Runtime.evaluate', { expression, returnByValue: true }, sessionId).then(
        ({ result }) => result?.value ?? null,
        (error: Error) => {
          // While the page is on its way there is nothing that an expression could be of.
          if (/context/.test(error.message)) return null;
          throw error;
        },
      );
      if (value !== null) return value;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    child.kill('SIGKILL');
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Requests to a browser, whose messages end with a byte of 0. */
function protocol(to: Writable, from: Readable, ended: Promise<void>) {
  const waiting = new Map<
    number,
    { resolve(result: NonNullable<Answer['result']>): void; reject(error: Error): void }
  >();
  void ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error('the browser ended'));
  });
  let unread = '';
  from.setEncoding('utf8').on('data', (text: string) => {
    const messages = (unread + text).split('\0');
    unread = messages.pop()!;
    for (const message of messages) {
      const { id, result, error }: Answer = JSON.parse(message);
      if (id === undefined) continue;
      if (error === undefined) waiting.get(id)?.resolve(result ?? {});
      else waiting.get(id)?.reject(new Error(error.message));
      waiting.delete(id);
    }
  });
  let last = 0;
  return (method: string, params: object, sessionId?: string): Promise<NonNullable<Answer['result']>> =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      to.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    });
}
