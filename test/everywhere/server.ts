/** Serves the pages of bundlers, each with the headers that its address asks for, and hears what they have found. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript' };

/** Threads share memory, which browsers give only to pages that are isolated from others by these. */
export const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
} as const;

/** Neither `unsafe-eval` nor `wasm-unsafe-eval`. */
const STRICT = {
  'content-security-policy': "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'",
};

/** What the first part of an address asks for. */
const HEADERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {},
  isolated: ISOLATED,
  strict: { ...ISOLATED, ...STRICT },
};

export class PageServer {
  readonly #server: Server;
  readonly #folder: string;
  #heard: (answer: string) => void = () => {};

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  static async of(folder: string): Promise<PageServer> {
    const made = new PageServer(folder);
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next answer of a page. */
  answer(): Promise<string> {
    return new Promise((resolve) => {
      this.#heard = resolve;
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = normalize(new URL(request.url ?? '/', this.address).pathname);
    if (path === '/answer') {
      let text = '';
      request.on('data', (part) => {
        text += part;
      });
      request.on('end', () => {
        response.end();
        this.#heard(text);
      });
      return;
    }
    const [, kind, ...rest] = path.split('/');
    const file = rest.join('/').replace(/(^|\/)$/, '$1index.html');
    try {
      const contents = readFileSync(join(this.#folder, file));
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', ...HEADERS[kind] });
      response.end(contents);
    } catch {
      response.writeHead(404).end();
    }
  }
}
