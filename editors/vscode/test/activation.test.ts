/** The extension, with stand-ins for VS Code and for the language client: when it starts and stops the server. */
import assert from "node:assert";
import Module from "node:module";
import { test } from "node:test";

interface Started {
  server: { command: string; args: string[] };
  options: { initializationOptions: unknown; documentSelector: unknown[] };
}

const started: Started[] = [];
let stopped = 0;
let fails = false;
const errors: string[] = [];
const registered = new Map<string, () => Promise<void>>();
let onChange: ((change: { affectsConfiguration: (name: string) => boolean }) => Promise<void>) | undefined;
const configured: Record<string, unknown> = { command: ["tools/sncompile", "lsp"], data: { images: "/data" } };

class LanguageClient {
  constructor(
    readonly id: string,
    readonly name: string,
    readonly server: Started["server"],
    readonly options: Started["options"],
  ) {}
  async start(): Promise<void> {
    if (fails) {
      throw new Error("spawn tools/sncompile ENOENT");
    }
    started.push(this);
  }
  async stop(): Promise<void> {
    stopped += 1;
  }
}

const stand_ins: Record<string, unknown> = {
  vscode: {
    commands: {
      registerCommand: (name: string, run: () => Promise<void>) => registered.set(name, run),
    },
    window: { showErrorMessage: (text: string) => errors.push(text) },
    workspace: {
      getConfiguration: () => ({ get: (name: string) => configured[name] }),
      createFileSystemWatcher: (pattern: string) => pattern,
      onDidChangeConfiguration: (listener: typeof onChange) => (onChange = listener),
    },
  },
  "vscode-languageclient/node": { LanguageClient },
};

const loader = Module as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
const load = loader._load;
loader._load = (name, ...rest) => stand_ins[name] ?? load(name, ...rest);

test("the server is started, started anew when settings change or by command, and stopped at the end", async () => {
  const extension = await import("../src/extension.js");
  const context = { subscriptions: [] };
  await extension.activate(context as never);
  assert.strictEqual(started.length, 1);
  assert.deepStrictEqual(started[0]!.server, { command: "tools/sncompile", args: ["lsp"] });
  assert.deepStrictEqual(started[0]!.options.initializationOptions, { data: { images: "/data" }, set: {} });

  await onChange!({ affectsConfiguration: (name) => name === "editor" });
  assert.strictEqual(stopped, 0);
  await onChange!({ affectsConfiguration: (name) => name === "sncompile" });
  assert.deepStrictEqual([started.length, stopped], [2, 1]);
  await registered.get("sncompile.restart")!();
  assert.deepStrictEqual([started.length, stopped], [3, 2]);
  await extension.deactivate();
  assert.strictEqual(stopped, 3);
});

test("where the server does not start, the user is told what to install", async () => {
  const extension = await import("../src/extension.js");
  fails = true;
  await extension.activate({ subscriptions: [] } as never);
  assert.match(errors.join("\n"), /`tools\/sncompile lsp` does not start.*pip install 'sncompile\[lsp\]'/);
  await extension.deactivate();
  assert.strictEqual(stopped, 3);
});
