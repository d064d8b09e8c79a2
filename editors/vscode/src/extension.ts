import { commands, ExtensionContext, window, workspace } from "vscode";
import { LanguageClient } from "vscode-languageclient/node";

import { documentSelector, initializationOptions, serverCommand } from "./settings";

let client: LanguageClient | undefined;

async function start(): Promise<void> {
  const settings = workspace.getConfiguration("sncompile");
  const server = serverCommand(settings);
  client = new LanguageClient("sncompile", "sncompile", server, {
    documentSelector,
    initializationOptions: initializationOptions(settings),
    synchronize: { fileEvents: workspace.createFileSystemWatcher("**/*.{yaml,yml,csv,tsv}") },
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const words = [server.command, ...server.args].join(" ");
    void window.showErrorMessage(
      `sncompile: \`${words}\` does not start (${String(error)}). ` +
        "Install it (pip install 'sncompile[lsp]'), or set `sncompile.command`.",
    );
  }
}

export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(
    commands.registerCommand("sncompile.restart", async () => {
      await deactivate();
      await start();
    }),
    workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("sncompile")) {
        await deactivate();
        await start();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  const running = client;
  client = undefined;
  await running?.stop();
}
