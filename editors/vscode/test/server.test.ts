/** The server that the settings start, over the protocol that the extension speaks; and what the manifest says of it. */
import assert from "node:assert";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import {
  createProtocolConnection,
  DidOpenTextDocumentNotification,
  ExitNotification,
  HoverRequest,
  InitializedNotification,
  InitializeRequest,
  PublishDiagnosticsNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type PublishDiagnosticsParams,
} from "vscode-languageserver-protocol/node";

import { documentSelector, initializationOptions, serverCommand } from "../src/settings";

const manifest = JSON.parse(readFileSync(join(__dirname, "..", "..", "package.json"), "utf-8"));

const SPEC = `sncompile: 1
pipeline: hello
steps:
  greet:
    module:
      outputs: {greeting: {type: file}}
      shell: echo hello > \${outputs.greting}
`;

test("every setting that is read is declared, with the defaults that the code has", () => {
  const declared = manifest.contributes.configuration.properties;
  assert.deepStrictEqual(Object.keys(declared), ["sncompile.command", "sncompile.data", "sncompile.set"]);
  const defaults = { get: <T>(name: string) => declared[`sncompile.${name}`].default as T };
  assert.deepStrictEqual(serverCommand(defaults), { command: "sncompile", args: ["lsp"] });
  assert.deepStrictEqual(initializationOptions(defaults), { data: {}, set: {} });
});

test("the languages of the selector start the extension", () => {
  for (const { language } of documentSelector) {
    assert.ok(manifest.activationEvents.includes(`onLanguage:${language}`));
  }
});

const missing = process.env["SNCOMPILE"] === undefined ? "SNCOMPILE does not name the program" : false;

test("the server of the settings finds a slip and tells of a step", { skip: missing }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "spec-"));
  const path = join(folder, "hello.yaml");
  writeFileSync(path, SPEC);
  const settings = { get: <T>(name: string) => (name === "command" ? [process.env["SNCOMPILE"]!, "lsp"] : {}) as T };
  const { command, args } = serverCommand(settings);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const told = new Promise<PublishDiagnosticsParams>((resolve) =>
    connection.onNotification(PublishDiagnosticsNotification.type, resolve),
  );
  connection.listen();
  await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: {},
    initializationOptions: initializationOptions(settings),
  });
  await connection.sendNotification(InitializedNotification.type, {});
  const uri = pathToFileURL(path).href;
  await connection.sendNotification(DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: "yaml", version: 1, text: SPEC },
  });
  const found = await told;
  assert.match(found.diagnostics.map((each) => each.message).join("\n"), /did you mean `greeting`\?/);
  const hover = await connection.sendRequest(HoverRequest.type, {
    textDocument: { uri },
    position: { line: 3, character: 4 },
  });
  assert.match(JSON.stringify(hover), /\*\*greet\*\* · step/);
  await connection.sendRequest(ShutdownRequest.type);
  await connection.sendNotification(ExitNotification.type);
  await new Promise((resolve) => child.once("exit", resolve));
  connection.dispose();
});

test("the program that the manifest names is what is built", () => {
  assert.ok(existsSync(join(__dirname, "..", "..", manifest.main)));
});
